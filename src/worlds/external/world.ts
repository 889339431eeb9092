// The external world: a given Keystone as it is, in real time, under a stated load, changed by the operator's own commands.
// Whatever it makes there it removes, whichever way the run ends.
import { TimeMap, toSec } from '../../base/time.js'
import { InputError } from '../../base/errors.js'
import { secretOf } from '../../io/cloud/access.js'
import { Secret } from '../../io/cloud/secret.js'
import { secretValues } from '../../io/concealment.js'
import { KeystoneApi } from '../../io/keystoneApi.js'
import { KeystoneClient } from '../../io/keystoneClient.js'
import { TokenTableReader } from '../../io/store/tokenTableReader.js'
import type { EventLine } from '../../measure/record.js'
import { Population, type Cast } from '../../rehearsal/population.js'
import { Endings } from '../local/endings.js'
import { ScaledClock } from '../local/scaledClock.js'
import type { OpenWorldOptions, World } from '../world.js'
import { Ceiling } from './ceiling.js'
import { ExternalControl } from './control.js'
import { ErrorRate } from './errorRate.js'
import { Inference } from './inference.js'
import { heldTokens, logIn, type Logins } from './logins.js'
import { givenPeople } from './givenPeople.js'
import { MadePeople } from './people.js'
import { planPeople } from './peoplePlan.js'
import type { Left } from './removal.js'
import { permit, type ExternalOptions, type ExternalPermit } from './settings.js'
import { ExternalTarget } from './target.js'
import { checkValidationRight } from './validationRight.js'

/** Connections that clients keep to the target. */
const connections = 64

/** What could not be removed, as somebody would look for it; one reason is told once. */
const leftText = (left: readonly Left[], command: string): string => {
  const reasons = [...new Set(left.map(({ reason }) => reason))]
  const told = reasons.map((reason) => {
    const these = left.filter((each) => each.reason === reason).map(({ made }) => made)
    return `${these.map(({ kind, name, id }) => `${kind} ${name} (${id})`).join(', ')}: ${reason}`
  })
  return `left at the target: ${told.join('; ')}. To remove it: ${command}`
}

export const openExternalWorld = async (options: OpenWorldOptions): Promise<World> => {
  const { scenario, folder, external, onProgress } = options
  if (external === undefined)
    throw new InputError([{ path: '--world', message: 'the external world needs credentials' }])
  const allowed = await permit(scenario, external)
  const endings = new Endings()
  const ceiling = new Ceiling(scenario.external.ceilingPerSec)
  const timeMap = new TimeMap(scenario.clock)
  const clock = new ScaledClock(timeMap)
  const ending = { begun: false }
  const api = apiOf(options, external, ceiling, ending)
  endings.add(() => api.close())
  try {
    onProgress({ phase: 'starting', done: 0, total: 1, text: `login at ${external.access.url}` })
    await api.login()
    const table = allowed.tableDsn === null ? null : await TokenTableReader.open(allowed.tableDsn.reveal())
    if (table !== null) endings.add(() => table.close())
    const plan = planPeople(scenario)
    const { people } = scenario.external
    const onStep = (done: number, total: number, text: string): void =>
      onProgress({ phase: ending.begun ? 'ending' : 'starting', done, total, text })
    let cast: Cast
    let remove = async (): Promise<string | null> => null
    if (people.kind === 'made') {
      const made = new MadePeople({ api, people, plan, onProgress: onStep })
      let removing: Promise<readonly Left[]> | null = null
      // Once: who was waited for in vain is not waited for again when the world is closed.
      remove = async () => {
        ending.begun = true
        removing ??= made.remove()
        const left = await removing
        return left.length === 0 ? null : leftText(left, external.cleanupCommand)
      }
      endings.add(async () => {
        const left = await remove()
        if (left !== null) options.onWarning?.(left)
      })
      cast = await made.make()
    } else {
      const { passwords } = allowed
      cast = await givenPeople({ api, people, plan, passwords, onProgress: onStep })
    }
    await checkValidationRight(api, cast, plan, people)
    const logins = await logIn(api, scenario, cast, onStep)

    // From here on the run is as good as begun: nothing but memory lies between this instant and second 0.
    const startsAt = { epochSec: Date.now() / 1000 }
    const { identity, limits } = scenario
    const inference = new Inference({ mode: identity.provider, nodes: identity.backends })
    rememberLogins(inference, logins, startsAt.epochSec)
    const { origin, pathname } = new URL(external.access.url)
    const client = new KeystoneClient({
      urls: Array.from({ length: identity.backends }, () => origin),
      // Who of its backends answers is the target's own affair.
      entrance: origin,
      apiPath: pathname,
      tls: external.tls,
      clock,
      timeoutMs: limits.requestTimeoutMs,
      get startsAtEpochSec() {
        return startsAt.epochSec
      },
      connectionsPerNode: connections,
    })
    endings.add(() => client.close())
    const { abort } = scenario.external
    const target = new ExternalTarget({
      client,
      clock,
      ceiling,
      errors: abort === null ? null : new ErrorRate(abort),
      inference,
      onTooMany: (reason) => options.onStop?.(reason),
    })
    const control = new ExternalControl({
      scenario,
      folder,
      url: external.access.url,
      env: external.env,
      secrets: secretValues(secretsOf(external, allowed), external.env),
      clock,
      inference,
      table,
    })
    const tokens = heldTokens(logins, startsAt.epochSec)
    const population = new Population({ scenario, cloud: cast, tokens, sealer: null })
    return {
      clock,
      target,
      control,
      evidence: { keysOn: () => null, sealedWith: () => null, silent: true },
      population,
      timeMap,
      storeName: external.access.url,
      run: async (ended) => {
        startsAt.epochSec = clock.start() / 1000
        await ended
        clock.stop()
        const left = async (): Promise<EventLine | null> => leftEvent(await remove(), clock)
        // The operator's own end comes before the users go: it may want to look at them.
        for (const event of [
          heldBackEvent(ceiling, clock, scenario),
          await endEvent(control, clock),
          await left(),
        ])
          if (event !== null) options.onFault(event)
      },
      close: () => endings.run(),
    }
  } catch (error) {
    await endings.run()
    throw error
  }
}

/** The API for making and removing. While the run is being prepared Ctrl-C ends it; removing is never cut short. */
const apiOf = (
  { signal, scenario }: OpenWorldOptions,
  { access, tls }: ExternalOptions,
  ceiling: Ceiling,
  ending: { readonly begun: boolean },
): KeystoneApi =>
  new KeystoneApi({
    access,
    tls,
    timeoutMs: scenario.limits.requestTimeoutMs,
    admit: async () => {
      if (!ending.begun) signal?.throwIfAborted()
      await ceiling.admitted()
    },
  })

/** Everything that was handed in and that nobody may read later. */
const secretsOf = (
  { access }: ExternalOptions,
  { passwords, tableDsn }: ExternalPermit,
): readonly Secret[] => {
  const dsn = tableDsn?.reveal() ?? ''
  const database = [dsn, URL.canParse(dsn) ? new URL(dsn).password : '']
  return [secretOf(access), ...passwords.values(), ...database.map((text) => new Secret(text))]
}

const rememberLogins = (
  inference: Inference,
  { members, services }: Logins,
  startsAtEpochSec: number,
): void => {
  for (const tokens of [...members.values(), ...services.values()]) {
    for (const { id, expiresAtEpochSec } of tokens)
      inference.issued(id, { issuedAtSec: 0, expiresAtSec: expiresAtEpochSec - startsAtEpochSec })
  }
}

/** An event of the end of a run, which took no time worth telling. */
const eventAt = (
  atSec: number,
  more: Pick<EventLine, 'event' | 'label' | 'origin' | 'ok' | 'note'>,
): EventLine => ({
  kind: 'event',
  dueSec: atSec,
  startedSec: atSec,
  endedSec: atSec,
  tookMs: 0,
  ...more,
})

/** A ceiling that held load back for longer than the generator may be late has bent what was measured. */
const heldBackEvent = (
  ceiling: Ceiling,
  clock: ScaledClock,
  { limits, external }: OpenWorldOptions['scenario'],
): EventLine | null => {
  const held = ceiling.heldBack
  if (held === null || held.longestMs <= limits.latenessP99Ms) return null
  const note = `${held.requests} requests waited, up to ${(held.longestMs / 1000).toFixed(1)} s, for the ceiling of ${external.ceilingPerSec}/s`
  const atSec = Math.max(0, toSec(clock.now()))
  return eventAt(atSec, {
    event: 'fault',
    label: 'the ceiling held load back',
    origin: 'fault',
    ok: false,
    note,
  })
}

/** What the run could not take away with it. */
const leftEvent = (note: string | null, clock: ScaledClock): EventLine | null =>
  note === null
    ? null
    : eventAt(toSec(clock.now()), {
        event: 'fault',
        label: 'not everything could be removed',
        origin: 'fault',
        ok: false,
        note,
      })

const endEvent = async (control: ExternalControl, clock: ScaledClock): Promise<EventLine | null> => {
  const atSec = toSec(clock.now())
  const startedMs = performance.now()
  const result = await control.end()
  if (result === null) return null
  const event = eventAt(atSec, { event: 'end', label: 'the hook at the end', origin: 'scenario', ...result })
  return { ...event, tookMs: performance.now() - startedMs }
}
