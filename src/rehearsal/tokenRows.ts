// The rows of the token table as they stand when a run starts, in the order in which a store loads them fastest.
// A row's `extra`, kilobytes of it, is written only for a store that asks for the text.
import { DefectError } from '../base/errors.js'
import type { Context } from '../identity/context.js'
import { deferredExtra } from '../identity/extra.js'
import { standingOf, type Standing } from '../identity/standing.js'
import type { TokenExtra, TokenRow } from '../identity/store.js'
import { extraOfIssued, tokenPieces } from '../identity/tokenBody.js'
import type { Claims } from '../token/claims.js'
import type { Holder, TokenPlan } from './tokenPlan.js'

/** What a planned token says, and what it stands on. */
export const plannedStanding = (
  context: Context,
  plan: TokenPlan,
  index: number,
): { readonly claims: Claims; readonly standing: Standing } => {
  const claims = plan.claims(index)
  const standing = standingOf(context, claims, plan.uuid(index))
  if (!('user' in standing))
    throw new DefectError(`planned token ${index} stands on nothing: ${standing.message ?? ''}`)
  return { claims, standing }
}

/** Makes the column of a planned token, as the identity logic would have when it was issued. */
const extraOf = (context: Context, plan: TokenPlan, index: number): TokenExtra => {
  const { claims, standing } = plannedStanding(context, plan, index)
  return extraOfIssued(context, plan.uuid(index), tokenPieces(context, claims, standing, { catalog: true }))
}

/** The row of a planned token with a column of its own. */
const rowWith = (plan: TokenPlan, index: number, extra: TokenExtra): TokenRow => {
  const { userId, trustId } = plan.holder(index)
  return { id: plan.uuid(index), expiresAtSec: plan.expiresAtSec(index), valid: true, userId, trustId, extra }
}

/** The row of one planned token. */
export const plannedRow = (context: Context, plan: TokenPlan, index: number): TokenRow =>
  rowWith(plan, index, extraOf(context, plan, index))

/**
 * The order of the rows on disk. `issued`: as they were appended, which is how a table without a clustered key (SQLite's)
 * lies; `id`: by the primary key, as InnoDB clusters a table. A flush finds its rows side by side in the one, and all
 * over the table in the other.
 */
export type RowOrder = 'issued' | 'id'

/**
 * All planned rows.
 * @param context of a node over a store that holds the cloud's documents
 */
export function* tokenRows(context: Context, plan: TokenPlan, order: RowOrder): Generator<TokenRow> {
  const make = (index: number): TokenExtra => extraOf(context, plan, index)
  // Ids, audit ids and instants have fixed widths, so a column is as long as any other of the same holder.
  const bytesOfHolder = new Map<Holder, number>()
  const bytes = (holder: Holder, index: number): number => {
    const known = bytesOfHolder.get(holder)
    if (known !== undefined) return known
    const own = make(index).bytes
    bytesOfHolder.set(holder, own)
    return own
  }
  for (const index of ordered(plan, order)) {
    yield rowWith(plan, index, deferredExtra(make, index, bytes(plan.holder(index), index)))
  }
}

/** The numbers of all planned tokens in an order. */
const ordered = (plan: TokenPlan, order: RowOrder): Uint32Array => {
  const indexes = Uint32Array.from({ length: plan.total }, (_, index) => index)
  if (order === 'issued') {
    const issued = Float64Array.from(indexes, (index) => plan.issuedAtSec(index))
    return indexes.sort((a, b) => (issued[a] as number) - (issued[b] as number))
  }
  const ids = Array.from(indexes, (index) => plan.uuid(index))
  return indexes.sort((a, b) => ((ids[a] as string) < (ids[b] as string) ? -1 : 1))
}
