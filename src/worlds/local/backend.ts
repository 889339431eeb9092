// One Keystone backend: a process of its own with its own key folder, over the store that all backends share.
// Started by the local world or by a service; ends when its parent goes away, however that happens.
import { randomBytes, randomUUID } from 'node:crypto'
import { WorldError } from '../../base/errors.js'
import { answerFrom, type Answer } from '../../identity/drive.js'
import { releaseProfiles } from '../../identity/release.js'
import type { MaybePromise, Store } from '../../identity/store.js'
import { AnswerTally } from '../../io/answerTally.js'
import { openCaching, type Caching } from '../../io/cache/openCaching.js'
import { answerParent } from '../../io/childProcess.js'
import { startIdentityServer, type IdentityServer } from '../../io/identityServer.js'
import { KeyRepositoryError } from '../../io/keyRepository.js'
import { createRingReader, type RingReader } from '../../io/ringReader.js'
import { openBrokenListener } from '../../io/brokenListener.js'
import { createPasswords } from '../../io/passwords.js'
import { openStore } from '../../io/store/open.js'
import { SqliteStore } from '../../io/store/sqliteStore.js'
import type { KeyRing } from '../../token/keyring.js'
import { IdentityNode } from '../identityNode.js'
import type { BackendCalls, BackendSetup } from './calls.js'
import { HeldWorkers, type HeldWorkersOptions } from './heldWorkers.js'
import { realHash } from '../costs/serviceTimes.js'
import { workerTimes } from '../costs/workerTimes.js'
import { ScenarioTime } from './scenarioTime.js'

interface Running {
  readonly store: Store
  readonly node: IdentityNode
  readonly time: ScenarioTime | null
  server: IdentityServer
  /** Listens on the port that it has. */
  readonly listen: () => Promise<IdentityServer>
  /** Requests wait for it, in the order in which they came; null: nothing keeps them. */
  loading: Promise<void> | null
  readonly caching: Caching
  /** Those of the Keystone whose costs are played; null: requests cost what they cost us. */
  readonly workers: HeldWorkers | null
}

/** The ring as it lies on disk; null when there is none, as Keystone then answers 500. */
const readRing = (reader: RingReader): KeyRing | null => {
  try {
    return reader.read()
  } catch (error) {
    if (error instanceof KeyRepositoryError) return null
    throw error
  }
}

/** Waits until an instant of `performance.now()`. */
const until = (atMs: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, Math.max(0, atMs - performance.now()))
  })

/** The workers of a measured Keystone, if the scenario's costs are a profile or stated. */
const openWorkers = (
  { identity, node: number, seed }: BackendSetup,
  node: IdentityNode,
  time: ScenarioTime | null,
  answer: Answer,
): HeldWorkers | null => {
  const times = workerTimes(identity, seed, number)
  if (times === null) return null
  const options: HeldWorkersOptions = {
    times,
    workers: identity.processes,
    answer,
    mode: () => node.mode,
    revocationEvents: () => node.revocationEvents,
    speed: () => time?.speed() ?? 1,
  }
  return new HeldWorkers(options, time === null)
}

let running: Running | null = null
const answered = new AnswerTally()

const present = (): Running => {
  if (running === null) throw new WorldError('the backend is not open')
  return running
}

const calls: BackendCalls = {
  open: async (setup, shared) => {
    const store = await openStore(setup.store)
    const reader = createRingReader(setup.keysFolder)
    let ring: KeyRing | null = null
    const refresh = (): MaybePromise<void> => {
      const loading = running?.loading ?? null
      if (loading !== null) return loading.then(refresh)
      ring = readRing(reader)
      return store.refresh()
    }
    const caching = openCaching({ ...setup.identity.cache, memcached: setup.memcached }, store)
    const node = new IdentityNode({
      store,
      identity: setup.identity,
      ring: () => ring,
      random: (count) => randomBytes(count),
      requestId: () => `req-${randomUUID()}`,
      publicUrl: setup.publicUrl,
      ...(setup.allowExpiredWindowSec === undefined
        ? {}
        : { allowExpiredWindowSec: setup.allowExpiredWindowSec }),
      asksRevocations: releaseProfiles[setup.identity.release].revocationLoad === 'all',
    })
    const time = setup.time === null ? null : new ScenarioTime(setup.time)
    const answer = answerFrom({
      store,
      passwords: createPasswords(realHash(setup.identity)),
      ...caching.answering,
    })
    const workers = openWorkers(setup, node, time, answer)
    const serve = (port: number): Promise<IdentityServer> =>
      startIdentityServer({
        host: '127.0.0.1',
        port,
        ...(shared === undefined ? {} : { shared }),
        refresh,
        context: () => node.context(time?.epochSec() ?? Date.now() / 1000),
        answer,
        ...(workers === null ? {} : { hold: workers }),
        explain: setup.explain,
        onAnswer: (method, path, status) => answered.count(method, path, status),
        ...(setup.explain ? { node: setup.node } : {}),
        onDefect: (error) => {
          process.stderr.write(
            `backend ${setup.node}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
          )
        },
      })
    const server = await serve(setup.port)
    const listen = (): Promise<IdentityServer> => serve(server.port)
    running = { store, node, time, server, listen, loading: null, caching, workers }
    return { port: server.port }
  },
  start: (originMs) => {
    const { time, caching, workers } = present()
    time?.start(originMs)
    if (workers !== null) workers.active = true
    // What the warm-up has left there was never validated in the scenario.
    caching.forget()
  },
  setMode: (mode) => {
    const { node, caching } = present()
    // A Keystone takes another provider by being started anew.
    node.mode = mode
    caching.forget()
  },
  setSkew: (aheadSec) => {
    const { time } = present()
    if (time !== null) time.aheadSec = aheadSec
  },
  // The process itself stays, so that a phase lasts as long as it was said to, even if a time-lapse makes it short.
  restartInto: async ({ mode, resetsMs, refusedMs, hangsMs }) => {
    const backend = present()
    const refusedAtMs = performance.now() + resetsMs
    const hangsAtMs = refusedAtMs + refusedMs
    const { port } = backend.server
    await backend.server.close()
    backend.node.mode = mode
    backend.caching.forget()
    const broken = await openBrokenListener('127.0.0.1', port)
    await until(refusedAtMs)
    await broken.close()
    await until(hangsAtMs)
    const loading = until(hangsAtMs + hangsMs)
    backend.loading = loading
    backend.server = await backend.listen()
    await loading
    backend.loading = null
  },
  answers: () => ({ counts: answered.counts(), underWay: present().server.underWay }),
  setExpiration: (expirationSec) => present().node.setExpiration(expirationSec),
  restrict: (restriction) => {
    const { store } = present()
    if (store instanceof SqliteStore) store.restrict(restriction)
  },
}

answerParent({ ...calls }, async () => {
  if (running === null) return
  await running.server.close()
  running.caching.close()
  await running.store.close()
})
