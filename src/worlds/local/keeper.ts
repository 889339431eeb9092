// The process that keeps the store: fills it before the run, counts and flushes it while it runs.
// It does what `keystone-manage` does beside Keystone, in a process of its own, so that no one else waits for it.
import { WorldError } from '../../base/errors.js'
import type { Store, TokenRow } from '../../identity/store.js'
import { answerParent, notifyParent } from '../../io/childProcess.js'
import { createPasswords } from '../../io/passwords.js'
import { errorDetail } from '../../io/store/driverError.js'
import { openStore } from '../../io/store/open.js'
import { SqliteStore } from '../../io/store/sqliteStore.js'
import { planCloud, rehearsalPassword, type CloudPlan } from '../../rehearsal/cloudPlan.js'
import { TokenPlan } from '../../rehearsal/tokenPlan.js'
import { tokenRows, type RowOrder } from '../../rehearsal/tokenRows.js'
import type { Scenario } from '../../scenario/scenario.js'
import { issues } from '../../token/mode.js'
import { realHash } from '../costs/serviceTimes.js'
import { plannedContext } from '../plannedCloud.js'
import type { KeeperCalls, KeeperNotice } from './calls.js'

let store: Store | null = null
let flushing: Promise<number> = Promise.resolve(0)

const tell = (notice: KeeperNotice): void => notifyParent(notice)

const opened = (): Store => {
  if (store === null) throw new WorldError('the store is not open')
  return store
}

/** The rows that the table has when the run starts; none under Fernet. */
const rowsOf = async (scenario: Scenario, cloud: CloudPlan, order: RowOrder): Promise<Iterable<TokenRow>> => {
  if (issues(scenario.identity.provider) !== 'uuid') return []
  return tokenRows(await plannedContext(scenario, cloud), new TokenPlan(scenario, cloud), order)
}

const calls: KeeperCalls = {
  seed: async ({ store: place, scenario }) => {
    store = await openStore(place)
    const hash = await createPasswords(realHash(scenario.identity)).hash(rehearsalPassword(scenario.seed))
    const cloud = planCloud(scenario, hash)
    const progress = (rows: number): void => tell({ seeded: rows })
    const rows = await rowsOf(scenario, cloud, place.kind === 'sqlite' ? 'issued' : 'id')
    try {
      await store.load(cloud.documents, rows, progress)
    } catch (error) {
      if (place.kind !== 'sqlite') throw error
      throw new WorldError(`cannot fill the SQLite file ${place.file}: ${errorDetail(error, 'message')}`)
    }
    return { rows: await store.countTokens() }
  },
  // One after the other: in a time-lapse an hour passes while a database still deletes, and two that delete wait for each other.
  flush: (order) =>
    (flushing = flushing
      .catch(() => 0)
      .then(() => opened().flushTokens(order, (rows) => tell({ flushed: rows })))),
  restrict: (restriction) => {
    if (store instanceof SqliteStore) store.restrict(restriction)
  },
  lastExpiry: async () => opened().lastTokenExpirySec(),
  table: async (withBytes) => ({
    rows: await opened().countTokens(),
    bytes: withBytes ? await opened().tokenBytes() : null,
  }),
}

answerParent({ ...calls }, async () => {
  await store?.close()
})
