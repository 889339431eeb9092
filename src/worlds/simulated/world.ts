// The simulated world: the identity logic itself over a store in memory, with modelled costs and queues.
// A day passes in seconds, and the same seed gives the same day.
import { TimeMap } from '../../base/time.js'
import { Random } from '../../base/random.js'
import { answerFrom, answerFromCache, drive } from '../../identity/drive.js'
import { KeptInProcess } from '../../identity/revocationSource.js'
import { MemoryTokenCache } from '../../identity/tokenCache.js'
import { createMemoryStore } from '../../identity/memoryStore.js'
import { createDerived } from '../../identity/context.js'
import { releaseProfiles } from '../../identity/release.js'
import type { Target } from '../../rehearsal/ports.js'
import { cacheHeldTokens } from '../../rehearsal/cachedAtStart.js'
import { planCloud, rehearsalPassword } from '../../rehearsal/cloudPlan.js'
import { Population } from '../../rehearsal/population.js'
import { TokenPlan } from '../../rehearsal/tokenPlan.js'
import { tokenRows } from '../../rehearsal/tokenRows.js'
import { fernetKeyFromBytes } from '../../token/fernet.js'
import { setupRing } from '../../token/keyring.js'
import { issues } from '../../token/mode.js'
import { createChecks } from '../balancing.js'
import { IdentityNode } from '../identityNode.js'
import type { OpenWorldOptions, World } from '../world.js'
import { SimulatedBalancer } from './balancer.js'
import { SimulatedControl } from './control.js'
import { SimulatedDatabase } from './database.js'
import { simulatedBackends, simulatedDatabaseHands, SimulatedKeys } from './hands.js'
import { simulatedNode, type SimulatedNode } from './node.js'
import { SealedLedger } from './sealedLedger.js'
import { SharedCache } from './sharedCache.js'
import { SimulatedTarget } from './target.js'
import { VirtualClock } from './virtualClock.js'

/** Passwords cost nothing here but the time that the cost table charges. */
const openPasswords = {
  hash: (password: string) => password,
  verify: (password: string, hash: string) => password === hash,
}

/** Entries of the agenda that are run before the event loop gets its turn, for progress and Ctrl-C. */
const entriesAtOnce = 20_000
/** The same for rows while the store is filled. */
const rowsAtOnce = 20_000

/** Lets the event loop get its turn. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve)
  })

export const openSimulatedWorld = async ({
  scenario,
  signal,
  onProgress,
}: OpenWorldOptions): Promise<World> => {
  const clock = new VirtualClock()
  const timeMap = new TimeMap([{ untilSec: scenario.durationSec, speed: 1, traffic: 1 }])
  const random = new Random(scenario.seed, 'simulated world')
  const cloud = planCloud(scenario, rehearsalPassword(scenario.seed))
  const tokens = new TokenPlan(scenario, cloud)
  const store = createMemoryStore()
  await store.load(cloud.documents, [])

  const key = () => fernetKeyFromBytes(random.bytes(32))
  const origin = setupRing({ primary: key(), staged: key() }).ring
  const profile = releaseProfiles[scenario.identity.release]
  const derived = createDerived(store, profile)
  const ledger = new SealedLedger()
  const { cache } = scenario.identity
  const ofProcess = cache.backend === 'process'
  const shared = new SharedCache(new MemoryTokenCache(cache))
  const asksRevocations = ofProcess && profile.revocationLoad === 'all'
  const fleet = Array.from({ length: scenario.identity.backends }, (): SimulatedNode => {
    const identity = new IdentityNode({
      store,
      identity: scenario.identity,
      ring: () => node.ring,
      makeSealer: ledger.createSealer,
      opens: ledger.opensWith,
      random: (count) => random.bytes(count),
      requestId: () => 'req-simulated',
      publicUrl: `https://${scenario.cloud.host}:5000`,
      asksRevocations,
      derived,
    })
    const own = new MemoryTokenCache(cache)
    const revocations = new KeptInProcess(store)
    const answer = answerFrom({
      store,
      passwords: openPasswords,
      cache: ofProcess ? own : shared,
      ...(asksRevocations ? { revocations } : {}),
    })
    const forget = (): void => {
      own.clear()
      revocations.changed()
    }
    const node: SimulatedNode = simulatedNode({ identity, answer, forget }, origin)
    return node
  })
  const database = new SimulatedDatabase()
  if (issues(scenario.identity.provider) === 'uuid') {
    const context = (fleet[0] as SimulatedNode).identity.context(scenario.startsAtEpochSec)
    let rows = 0
    for (const row of tokenRows(context, tokens, 'issued')) {
      store.insertToken(row)
      if (++rows % rowsAtOnce !== 0) continue
      onProgress({ phase: 'seeding', done: rows, total: tokens.total, text: 'rows' })
      await turn()
      signal?.throwIfAborted()
    }
  }
  const sealer = ledger.createSealer({ ring: origin, payloadOptions: profile.payload })
  if (cache.backend === 'memcached') {
    const context = (fleet[0] as SimulatedNode).identity.context(scenario.startsAtEpochSec)
    await drive(cacheHeldTokens(context, tokens, sealer), answerFromCache(shared))
  }
  const target = new SimulatedTarget({
    clock,
    fleet,
    database,
    scenario,
    ledger,
  })
  const { balancer } = scenario.identity
  const checks = createChecks({
    scenario,
    clock,
    leastSec: () => 0,
    probe: (node, done) => target.probe(node, done),
  })
  checks?.start()
  target.checks = checks
  const entrance: Target =
    balancer.kind === 'haproxy'
      ? new SimulatedBalancer({ servers: target, algorithm: balancer.algorithm, checks, clock })
      : target
  const { maxActiveKeys } = scenario.identity.keys
  const hands = {
    nodes: fleet.length,
    keys: new SimulatedKeys({ origin, fleet, maxActiveKeys, random }),
    backends: simulatedBackends(fleet),
    database: simulatedDatabaseHands(database),
    cache: shared,
  }
  return {
    clock,
    target: entrance,
    control: new SimulatedControl({ scenario, fleet, store, database, hands, clock, target }),
    evidence: {
      keysOn: (node) => {
        const ring = fleet[node - 1]?.ring ?? null
        return ring === null ? null : [...ring.keys.values()].map(({ id }) => id)
      },
      sealedWith: (token) => ledger.keyOf(token),
    },
    population: new Population({ scenario, cloud, tokens, sealer }),
    timeMap,
    storeName: 'memory',
    run: async (ended) => {
      const state = { over: false }
      void ended.then(() => {
        state.over = true
      })
      while (!state.over && clock.run(entriesAtOnce)) await turn()
      await ended
    },
    close: () => store.close(),
  }
}
