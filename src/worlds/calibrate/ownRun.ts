// One case with our own load generator: the engine, the clock, the client and the recorder of a rehearsal, against the stub.
// Nothing of them is replaced; only who they talk to, and whose calls they are.
import { micros, TimeMap, toSec } from '../../base/time.js'
import { watchGenerator, type GeneratorWatch } from '../../io/generatorWatch.js'
import { KeystoneClient } from '../../io/keystoneClient.js'
import { criticalDistance, exponentialDistance, gapsOf } from '../../measure/arrivalFit.js'
import type { OwnFigures } from '../../measure/calibration.js'
import { histogramOf } from '../../measure/hlog.js'
import type { GeneratorLoad, IntervalLine } from '../../measure/record.js'
import { createRecorder, type Recorder } from '../../measure/recorder.js'
import { quantileOf, scriptedResponses } from '../../measure/script.js'
import { planCloud } from '../../rehearsal/cloudPlan.js'
import { Engine } from '../../rehearsal/engine.js'
import { Population } from '../../rehearsal/population.js'
import type { Control, Target } from '../../rehearsal/ports.js'
import { TokenPlan } from '../../rehearsal/tokenPlan.js'
import { createArrivals } from '../../scenario/arrivals.js'
import { parseScenario } from '../../scenario/parse.js'
import type { Scenario } from '../../scenario/scenario.js'
import { ScaledClock } from '../local/scaledClock.js'
import { unlessStopped } from '../unlessStopped.js'
import type { CalibrationCase } from './cases.js'
import { startStub } from './startStub.js'
import { steadyUs, type StubReport } from './stubCalls.js'

/** Requests before a run, so that all its connections are open. */
const warmUpLeast = 2000
/** A run before the run, of which nothing is kept: code that runs for the first time is late, here and in the stub. */
export const warmUpRun = { perSec: 2000, seconds: 2 } as const

/** A member calls again no sooner than this after the longest answer: nobody is ever busy, so nobody waits for itself. */
const restSec = 1

/** The longest that the script holds a request. */
export const longestSec = ({ script }: CalibrationCase): number =>
  (script.slow?.serviceSec ?? script.serviceSec) + (script.stall?.forSec ?? 0)

/**
 * Connections for all requests that are under way at a time, so that none waits for one: λ·h by Little's law for the longest
 * hold h, and six standard deviations of a Poisson count above it.
 */
export const connectionsFor = (one: CalibrationCase): number => {
  const underWay = one.perSec * longestSec(one)
  return Math.ceil(underWay + 6 * Math.sqrt(underWay) + 8)
}

const scenarioOf = (one: CalibrationCase, seed: number): Scenario => {
  const members = Math.ceil(one.perSec * (longestSec(one) + restSec))
  const text = `
name: calibrate
seed: ${seed}
cloud: { users: 100, projects: 10, services: [nova] }
identity: { release: queens, provider: fernet, backends: 1, password_hash: { scheme: plain } }
tokens: { live: 0 }
clients: { load: { behaviour: one-shot, members: ${members}, every: ${Math.round((members / one.perSec) * 1000)}ms, through: [nova] } }
duration: ${Math.round(one.seconds * 1000)}ms
`
  return parseScenario({ file: 'calibrate', text, checkGate: () => [] }).scenario
}

/** The plan of one case: a Poisson stream of the whole rate, dealt out to the members in turn. */
class DealtPlan {
  readonly dueSec: number[] = []
  private readonly stream: { next(): number }

  constructor(scenario: Scenario, perSec: number) {
    const [clientClass] = scenario.clients
    if (clientClass === undefined) throw new RangeError('the scenario has no class')
    this.stream = createArrivals({
      seed: scenario.seed,
      clientClass: { ...clientClass, members: 1, everySec: 1 / perSec },
      member: 0,
      stretches: [{ untilSec: scenario.durationSec, speed: 1, traffic: 1 }],
      durationSec: scenario.durationSec,
    })
  }

  readonly next = (): number => {
    const dueSec = this.stream.next()
    if (dueSec < Infinity) this.dueSec.push(dueSec)
    return dueSec
  }
}

/** The client of a rehearsal, with an id of its own for each request, and a look at the id that comes back. */
class NumberedTarget implements Target {
  readonly sentUs: number[] = []
  misbound = 0
  private readonly client: KeystoneClient
  private count = 0

  constructor(client: KeystoneClient) {
    this.client = client
  }

  readonly nodes = 1

  healthy(): readonly number[] {
    return this.client.healthy()
  }

  send(...[node, request, done]: Parameters<Target['send']>): void {
    if (request.op !== 'issue') throw new RangeError('a calibration only asks for tokens')
    const id = `r-${++this.count}`
    this.client.send(node, { ...request, userId: id }, (reply, sent, received) => {
      this.sentUs.push(sent)
      if (reply.status > 0 && reply.subjectToken !== id) this.misbound++
      done(reply, sent, received)
    })
  }
}

/** There is nothing to control: the script is the stub's own. */
const idleControl: Control = {
  apply: (_step, _node, done) => done({ ok: true, note: '' }),
  table: (done) => done(null),
  lastExpiry: (done) => done(null),
}

const warmUp = async (client: KeystoneClient, connections: number): Promise<void> => {
  const request = { op: 'issue', userId: 'warm-up', password: 'pw', projectId: null } as const
  for (let sent = 0; sent < warmUpLeast; sent += connections) {
    await Promise.all(
      Array.from(
        { length: connections },
        () => new Promise<void>((resolve) => client.send(1, request, () => resolve())),
      ),
    )
  }
}

interface Played {
  readonly lines: readonly IntervalLine[]
  readonly hlog: readonly string[]
  readonly lateness: OwnFigures['lateness']
  readonly load: GeneratorLoad
}

export interface OwnRunOptions {
  readonly case: CalibrationCase
  readonly seed: number
  /** Told how far the case has come. */
  readonly onProgress: (nowSec: number) => void
  /** Gives the case up. */
  readonly signal: AbortSignal
}

/** Plays one case. Throws WorldError if the stub does not start, StoppedError if the case is given up. */
export const playOwn = async (options: OwnRunOptions): Promise<OwnFigures> => {
  const { case: one } = options
  const { stub, url } = await startStub(one.script)
  try {
    // Until a run begins the stub answers calmly.
    const calm = { ...one.script, slow: null, stall: null, restart: null }
    const before = { ...one, ...warmUpRun, script: calm }
    await playThrough({ ...options, case: before, onProgress: () => {} }, url, async () => {})
    const { dueSec, target, played } = await playThrough(options, url, (originUs) =>
      stub.call('begin', originUs),
    )
    return figuresOf(one, { dueSec, target, played, stub: await stub.call<StubReport>('report') })
  } finally {
    await stub.end()
  }
}

interface PlayedThrough {
  readonly dueSec: readonly number[]
  readonly target: NumberedTarget
  readonly played: Played
}

/** Plays a case against a stub that listens, with a client of its own. `begin` is told when the run begins, on the steady clock. */
const playThrough = async (
  options: OwnRunOptions,
  url: string,
  begin: (originUs: number) => Promise<unknown>,
): Promise<PlayedThrough> => {
  const { case: one, seed, signal } = options
  const scenario = scenarioOf(one, seed)
  const timeMap = new TimeMap([{ untilSec: one.seconds, speed: 1, traffic: 1 }])
  const clock = new ScaledClock(timeMap)
  const connections = connectionsFor(one)
  const client = new KeystoneClient({
    urls: [url],
    clock,
    timeoutMs: 30_000,
    startsAtEpochSec: 0,
    connectionsPerNode: connections,
  })
  try {
    await unlessStopped(signal, warmUp(client, connections))
    const plan = new DealtPlan(scenario, one.perSec)
    const target = new NumberedTarget(client)
    const played = await play({ ...options, scenario, timeMap, clock, target, plan, begin })
    return { dueSec: plan.dueSec, target, played }
  } finally {
    clock.stop()
    await client.close()
  }
}

interface Stage extends OwnRunOptions {
  readonly scenario: Scenario
  readonly timeMap: TimeMap
  readonly clock: ScaledClock
  readonly target: NumberedTarget
  readonly plan: DealtPlan
  readonly begin: (originUs: number) => Promise<unknown>
}

const play = async (stage: Stage): Promise<Played> => {
  const { scenario, timeMap, clock, target, plan, begin, onProgress, signal } = stage
  const lines: IntervalLine[] = []
  const hlog: string[] = []
  const recorder: Recorder = createRecorder({
    intervalSec: 1,
    durationSec: scenario.durationSec,
    warmupSec: 0,
    classes: ['load'],
    stretches: timeMap.stretches,
    emit: (line) => {
      if (line.kind === 'interval') lines.push(line)
    },
    emitHlog: (line) => hlog.push(line),
  })
  const cloud = planCloud(scenario, '')
  let watch: GeneratorWatch | null = null
  let load: GeneratorLoad | undefined
  const ended = new Promise<void>((resolve) => {
    const engine = new Engine({
      scenario,
      timeMap,
      population: new Population({ scenario, cloud, tokens: new TokenPlan(scenario, cloud), sealer: null }),
      clock,
      target,
      control: idleControl,
      recording: recorder,
      schedule: () => plan,
      intervalSec: 1,
      onInterval: onProgress,
      onEnd: resolve,
    })
    clock.at(micros(0), () => (watch = watchGenerator()))
    engine.start()
  })
  const originUs = steadyUs()
  clock.start()
  await begin(originUs)
  try {
    await unlessStopped(signal, ended)
  } finally {
    load = (watch as GeneratorWatch | null)?.end()
  }
  clock.stop()
  const { lateness } = recorder.finish(toSec(clock.now()))
  if (load === undefined) throw new RangeError('the run ended before it began')
  return { lines, hlog, lateness, load }
}

const figuresOf = (
  one: CalibrationCase,
  { dueSec, target, played, stub }: PlayedThrough & { readonly stub: StubReport },
): OwnFigures => {
  const { lines, hlog, lateness, load } = played
  const expected = scriptedResponses(one.script, dueSec)
  const answeredAsScripted = expected.filter((sec) => sec !== null)
  const measured = histogramOf(hlog, 'issue')
  const counted = (accept: (count: IntervalLine['counts'][number]) => boolean): number =>
    lines.reduce(
      (sum, { counts }) => sum + counts.reduce((own, count) => own + (accept(count) ? count.n : 0), 0),
      0,
    )
  // Nobody is ever busy, so requests are numbered in the order in which they are due.
  const served = stub.answers.map(([id, atUs]) => atUs / 1e6 - (dueSec[Number(id.slice(2)) - 1] ?? NaN))
  const meanUs = 1e6 / one.perSec
  return {
    name: one.name,
    perSec: one.perSec,
    seconds: one.seconds,
    planned: dueSec.length,
    answered: counted(({ leg, outcome }) => leg === 'keystone' && outcome === 'ok'),
    failed: counted(({ leg, outcome }) => leg === 'keystone' && outcome !== 'ok'),
    failedExpected: expected.length - answeredAsScripted.length,
    shed: counted(({ outcome }) => outcome === 'shed'),
    quantiles: one.shares.map((share) => ({
      share,
      expectedMs: quantileOf(answeredAsScripted, share) * 1000,
      servedMs: quantileOf(served, share) * 1000,
      measuredMs: measured.getValueAtPercentile(share * 100) / 1000,
    })),
    misbound: target.misbound,
    gapsPlanned: exponentialDistance(gapsOf(dueSec), 1 / one.perSec),
    gapsSent: exponentialDistance(gapsOf(target.sentUs), meanUs),
    gapsAtStub: exponentialDistance(gapsOf(stub.arrivalsUs), meanUs),
    gapsCritical: criticalDistance(0.01, Math.max(1, dueSec.length - 1)),
    lateness,
    load,
  }
}
