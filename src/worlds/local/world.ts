// The local world: real identity servers, a process each, over a real store, in real time at the scenario's speeds.
// Whatever it starts, it ends; what dies by itself is a fault in the record, not a crash.
import { mkdir, rm } from 'node:fs/promises'
import path from 'node:path'
import { micros, TimeMap, toSec } from '../../base/time.js'
import { answerFromCache, drive } from '../../identity/drive.js'
import type { IdentityCase } from '../../identity/questions.js'
import { releaseProfiles } from '../../identity/release.js'
import { MemcachedTokenCache } from '../../io/cache/memcachedTokenCache.js'
import { startMemcached } from '../../io/cache/privateMemcached.js'
import { Child } from '../../io/childProcess.js'
import { copyRepository, setupRepository } from '../../io/keyChanges.js'
import { readRing } from '../../io/keyRepository.js'
import { KeystoneClient } from '../../io/keystoneClient.js'
import { cacheHeldTokens } from '../../rehearsal/cachedAtStart.js'
import { markRunning, privateFolders } from '../../io/runLeftovers.js'
import { planCloud } from '../../rehearsal/cloudPlan.js'
import { Population } from '../../rehearsal/population.js'
import { TokenPlan } from '../../rehearsal/tokenPlan.js'
import type { Fault, Scenario } from '../../scenario/scenario.js'
import { createSealer } from '../../token/sealer.js'
import { plannedContext } from '../plannedCloud.js'
import { createChecks } from '../balancing.js'
import type { OpenWorldOptions, World } from '../world.js'
import type { KeeperNotice, KeeperSetup } from './calls.js'
import { checkIntervalLeastMs, openBalancer } from './balancer.js'
import { LocalControl } from './control.js'
import { localDatabase, standBefore } from './databaseHands.js'
import { Endings } from './endings.js'
import { Fleet } from './fleet.js'
import { LocalKeys } from './keyHands.js'
import { ScaledClock } from './scaledClock.js'
import { openStoreAddress } from './storeAddress.js'
import { warmUp } from './warmUp.js'

/** Connections that the clients keep to one backend. */
const connectionsPerNode = 64

/** The first copy of the keys: one repository as `keystone-manage fernet_setup` makes it, and a folder for each backend. */
const setUpKeys = async (
  scenario: Scenario,
  folder: string,
): Promise<{ origin: string; ofNode: readonly string[] }> => {
  const home = path.join(folder, privateFolders.keys)
  await mkdir(home, { recursive: true, mode: 0o700 })
  const origin = path.join(home, 'origin')
  setupRepository(origin)
  const ofNode = Array.from({ length: scenario.identity.backends }, (_, i) =>
    path.join(home, `node-${i + 1}`),
  )
  for (const target of ofNode) copyRepository(origin, target)
  return { origin, ofNode }
}

/** Whether the timeline has a fault of a kind. */
const hasFault = ({ timeline }: Scenario, kind: Fault['kind']): boolean =>
  timeline.some(({ action }) => action.kind === 'fault' && action.fault.kind === kind)

/** Empties a memcached; `fill`, if given, then puts there what a run starts with. */
const emptyMemcached = async (address: string, fill?: IdentityCase<void>): Promise<void> => {
  const cache = new MemcachedTokenCache(address)
  await cache.clear()
  if (fill !== undefined) await drive(fill, answerFromCache(cache))
  cache.close()
}

/** What was asked for, or the reason why nobody waits for it any more. */
const untilAborted = async <T>(asked: Promise<T>, signal: AbortSignal | undefined): Promise<T> => {
  if (signal === undefined) return asked
  signal.throwIfAborted()
  let abort = (): void => {}
  const aborted = new Promise<never>((_, reject) => {
    abort = () => reject(signal.reason as Error)
    signal.addEventListener('abort', abort)
  })
  try {
    return await Promise.race([asked, aborted])
  } finally {
    signal.removeEventListener('abort', abort)
    // Its end may come with that of the process; nobody is left to hear of it.
    asked.catch(() => undefined)
  }
}

const module = (name: string): URL => new URL(`./${name}.js`, import.meta.url)

export const openLocalWorld = async (options: OpenWorldOptions): Promise<World> => {
  const { scenario, folder, signal, onProgress, onFault } = options
  const endings = new Endings()
  try {
    onProgress({ phase: 'starting', done: 0, total: 1, text: 'servers' })
    endings.add(markRunning(folder))
    const { address: store, server } = await openStoreAddress(options, endings)
    const slow = server !== null && hasFault(scenario, 'database-slow') ? await standBefore(store) : null
    if (slow !== null) endings.add(() => slow.proxy.end())
    endings.add(() => rm(path.join(folder, privateFolders.keys), { recursive: true, force: true }))
    const keys = await setUpKeys(scenario, folder)

    const timeMap = new TimeMap(scenario.clock)
    const clock = new ScaledClock(timeMap)
    const cloud = planCloud(scenario, '')
    const tokens = new TokenPlan(scenario, cloud)

    let control: LocalControl | null = null
    const keeper = new Child({
      name: 'the keeper of the store',
      module: module('keeper'),
      onNotice: (given) => {
        const notice = given as KeeperNotice
        if ('flushed' in notice) control?.flushed(notice.flushed)
        else onProgress({ phase: 'seeding', done: notice.seeded, total: tokens.total, text: 'rows' })
      },
      onExit: ({ code, signal }, expected) => {
        if (!expected) fault('the keeper of the store', null, code, signal)
      },
    })
    endings.add(() => keeper.end())

    const fault = (name: string, node: number | null, code: number | null, signal: string | null): void => {
      const atSec = toSec(clock.now())
      onFault({
        kind: 'event',
        event: 'fault',
        label: `${name} died`,
        origin: 'fault',
        dueSec: atSec,
        startedSec: atSec,
        endedSec: atSec,
        ok: false,
        note: signal === null ? `exit code ${code}` : `killed by ${signal}`,
        tookMs: 0,
        ...(node === null ? {} : { node }),
      })
    }

    const memcached =
      scenario.identity.cache.backend === 'memcached'
        ? await startMemcached((code, signal) => fault('memcached', null, code, signal))
        : null
    if (memcached !== null) endings.add(() => memcached.stop())

    await untilAborted(keeper.call('seed', { store, scenario } satisfies KeeperSetup), signal)
    onProgress({ phase: 'starting', done: 0, total: scenario.identity.backends, text: 'backends' })
    let client: KeystoneClient | null = null
    const fleet = new Fleet({
      setups: keys.ofNode.map((keysFolder, i) => ({
        node: i + 1,
        store: slow?.address ?? store,
        keysFolder,
        identity: scenario.identity,
        publicUrl: `https://${scenario.cloud.host}:5000`,
        memcached: memcached?.address ?? null,
        time: { startsAtEpochSec: scenario.startsAtEpochSec, stretches: scenario.clock },
        explain: true,
        seed: scenario.seed,
      })),
      onDeath: (node, { code, signal }) => {
        client?.markGone(node)
        fault(`backend ${node}`, node, code, signal)
      },
    })
    endings.add(() => fleet.close())
    const ports = await fleet.open()
    signal?.throwIfAborted()
    const { balancer } = scenario.identity
    const entrance =
      balancer.kind === 'haproxy' ? await openBalancer({ scenario, folder, ports, endings, fault }) : null
    const checks =
      entrance === null
        ? createChecks({
            scenario,
            clock,
            leastSec: (nowSec) => checkIntervalLeastMs * timeMap.stretchAt(nowSec).speed * 0.001,
            probe: (node, done) => target.probe(node, done),
          })
        : null
    const target = new KeystoneClient({
      urls: ports.map((port) => `http://127.0.0.1:${port}`),
      clock,
      timeoutMs: scenario.limits.requestTimeoutMs,
      startsAtEpochSec: scenario.startsAtEpochSec,
      connectionsPerNode,
      ...(entrance === null ? {} : { entrance: entrance.url }),
      ...(checks === null ? {} : { inService: () => checks.inService() }),
    })
    client = target
    endings.add(() => target.close())
    const localKeys = new LocalKeys(keys, scenario.identity.keys.maxActiveKeys)
    const hands = {
      nodes: fleet.size,
      keys: localKeys,
      backends: fleet,
      database: localDatabase({
        server,
        proxy: slow?.proxy ?? null,
        restrict: async (restriction) => {
          await Promise.all([fleet.restrict(restriction), keeper.call('restrict', restriction)])
        },
      }),
      cache: {
        flush: () => (memcached === null ? undefined : emptyMemcached(memcached.address)),
        stop: () => memcached?.stop(),
        start: () => memcached?.start(),
      },
    }

    const sealer = createSealer({
      ring: readRing(keys.origin),
      payloadOptions: releaseProfiles[scenario.identity.release].payload,
    })
    const population = new Population({ scenario, cloud, tokens, sealer })
    control = new LocalControl({
      scenario,
      keeper,
      fleet,
      hands,
      clock,
      timeMap,
      onFlush: (done, total) => onProgress({ phase: 'flushing', done, total, text: 'rows' }),
    })
    return {
      clock,
      target,
      control,
      evidence: localKeys,
      population,
      timeMap,
      storeName: store.kind === 'sqlite' ? 'sqlite' : options.store.kind,
      run: async (ended) => {
        await warmUp(target, population)
        // What the warm-up has left there was never validated in the scenario.
        if (memcached !== null) {
          const context = await plannedContext(scenario, cloud)
          await emptyMemcached(memcached.address, cacheHeldTokens(context, tokens, sealer))
        }
        const originMs = clock.start()
        checks?.start()
        await fleet.begin(originMs)
        // Whoever still waits at the end for something that hangs would wait for ever.
        clock.at(micros(scenario.durationSec), () => {
          void fleet.resumeAll()
          void hands.database.resume()
        })
        await ended
        clock.stop()
      },
      backendsCpuSec: () => fleet.cpuSec(),
      backendWords: () => fleet.words(),
      close: () => endings.run(),
    }
  } catch (error) {
    await endings.run()
    throw error
  }
}
