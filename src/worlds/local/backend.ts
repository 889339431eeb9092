// One Keystone backend: a process of its own with its own key folder, over the store that all backends share.
// Started by the local world or by a service; ends when its parent goes away, however that happens.
import { randomBytes, randomUUID } from 'node:crypto'
import { WorldError } from '../../base/errors.js'
import { answerFrom } from '../../identity/drive.js'
import { releaseProfiles } from '../../identity/release.js'
import type { MaybePromise, Store } from '../../identity/store.js'
import { openCaching, type Caching } from '../../io/cache/openCaching.js'
import { answerParent } from '../../io/childProcess.js'
import { startIdentityServer, type IdentityServer } from '../../io/identityServer.js'
import { KeyRepositoryError } from '../../io/keyRepository.js'
import { createRingReader, type RingReader } from '../../io/ringReader.js'
import { createPasswords } from '../../io/passwords.js'
import { openStore } from '../../io/store/open.js'
import { SqliteStore } from '../../io/store/sqliteStore.js'
import type { KeyRing } from '../../token/keyring.js'
import { IdentityNode } from '../identityNode.js'
import type { BackendCalls } from './calls.js'
import { ScenarioTime } from './scenarioTime.js'

interface Running {
  readonly store: Store
  readonly node: IdentityNode
  readonly time: ScenarioTime | null
  readonly server: IdentityServer
  readonly caching: Caching
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

let running: Running | null = null

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
    const server = await startIdentityServer({
      host: '127.0.0.1',
      port: setup.port,
      ...(shared === undefined ? {} : { shared }),
      refresh,
      context: () => node.context(time?.epochSec() ?? Date.now() / 1000),
      answer: answerFrom({
        store,
        passwords: createPasswords(setup.identity.passwordHash),
        ...caching.answering,
      }),
      explain: setup.explain,
      onDefect: (error) => {
        process.stderr.write(
          `backend ${setup.node}: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
        )
      },
    })
    running = { store, node, time, server, caching }
    return { port: server.port }
  },
  start: (originMs) => {
    const { time, caching } = present()
    time?.start(originMs)
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
