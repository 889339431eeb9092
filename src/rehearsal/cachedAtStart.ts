// What Keystone's shared cache knows when a run starts: the tokens that were issued shortly before it.
// It exists because a token that was cached on issue outlives a switch, whether it was issued before the run or in it.
import type { Context } from '../identity/context.js'
import type { IdentityCase } from '../identity/questions.js'
import { cachedBody } from '../identity/cachedCheck.js'
import { cacheIssued } from '../identity/tokenCache.js'
import type { Sealer } from '../token/sealer.js'
import { plannedRow, plannedStanding } from './tokenRows.js'
import type { TokenPlan } from './tokenPlan.js'

/**
 * Puts those tokens there that somebody holds, each as its issue did and at that instant: what the release keeps of an issued token
 * (`cacheIssued`). Nobody asks about the others.
 * @param context of a node over a store that holds the cloud's documents, at the start of the run
 */
export function* cacheHeldTokens(
  context: Context,
  plan: TokenPlan,
  sealer: Sealer | null,
): IdentityCase<void> {
  const { cache } = context.config
  if (cache === null) return
  const held = plan
    .held(sealer)
    .map(({ index, token }) => ({ index, token, nowSec: plan.issuedAtSec(index) }))
    .filter(({ nowSec }) => context.nowSec - nowSec <= cache.timeSec)
  // In the order of issue: a cache in memory drops the oldest first.
  for (const { index, token, nowSec } of held.toSorted((a, b) => a.nowSec - b.nowSec)) {
    const then = { ...context, nowSec }
    const issued = { ...plannedStanding(then, plan, index), catalog: true }
    const row = token.format === 'uuid' ? plannedRow(then, plan, index) : null
    yield* cacheIssued(then, { id: token.id, body: () => cachedBody(then, token.id, issued), row })
  }
}
