// What a flush of the timeline deletes, as an order to a store; the same in every world.
// What has expired by the instant at which the step was due goes: the lateness of a time-lapse is no lateness of the cloud.
import { releaseProfiles } from '../identity/release.js'
import type { FlushOrder } from '../identity/store.js'
import type { Scenario, TimelineStep } from '../scenario/scenario.js'

/** The last second that a database's date can hold (9999-12-31T23:59:59Z): no token expires later. */
const lastDateSec = 253_402_300_799

/** The order for a step with the action `flush`. */
export const flushOrder = (scenario: Scenario, step: TimelineStep): FlushOrder => {
  const { flush, allowExpiredWindowSec } = releaseProfiles[scenario.identity.release]
  const everything = step.action.kind === 'flush' && step.action.everything === true
  const beforeSec = everything ? lastDateSec : scenario.startsAtEpochSec + step.atSec - allowExpiredWindowSec
  return { beforeSec, ...flush }
}

/**
 * How many of the rows that there were at the start a flush will find, about: their ends are spread evenly. Rows that were
 * written during the run come on top of them.
 * @param sinceSec what the flush before this one deleted ended up to here, seconds since 1970
 */
export const seededRowsToFlush = (
  { startsAtEpochSec, tokens, identity }: Scenario,
  { sinceSec, beforeSec }: { readonly sinceSec: number; readonly beforeSec: number },
): number => {
  const lastSec = startsAtEpochSec + identity.expirationSec
  const firstSec = lastSec - tokens.issuedWithinSec
  const spanSec = Math.min(beforeSec, lastSec) - Math.max(sinceSec, firstSec)
  return Math.round((tokens.live * Math.max(0, spanSec)) / Math.max(1, tokens.issuedWithinSec))
}
