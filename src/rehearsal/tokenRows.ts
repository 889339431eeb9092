// The rows of the token table as they stand when a run starts, in the order in which a store loads them fastest.
// A row's `extra`, kilobytes of it, is written only for a store that asks for the text.
import { DefectError } from '../base/errors.js'
import type { Context } from '../identity/context.js'
import { deferredExtra, type ExtraSource } from '../identity/extra.js'
import { standingOf } from '../identity/standing.js'
import type { TokenExtra, TokenRow } from '../identity/store.js'
import { extraOfIssued, tokenPieces } from '../identity/tokenBody.js'
import type { TokenPlan } from './tokenPlan.js'

/** Makes the column of a planned token, as the identity logic would have when it was issued. */
const extraOf = (context: Context, plan: TokenPlan, index: number): TokenExtra => {
  const claims = plan.claims(index)
  const id = plan.uuid(index)
  const standing = standingOf(context, claims, id)
  if (!('user' in standing))
    throw new DefectError(`planned token ${index} stands on nothing: ${standing.message ?? ''}`)
  return extraOfIssued(context, id, tokenPieces(context, claims, standing, { catalog: true }))
}

/**
 * All planned rows, ascending by id.
 * @param context of a node over a store that holds the cloud's documents
 */
export function* tokenRows(context: Context, plan: TokenPlan): Generator<TokenRow> {
  const source: ExtraSource = {
    make: (index) => extraOf(context, plan, index),
    bytes: (index) => extraOf(context, plan, index).bytes,
  }
  const ids = Array.from({ length: plan.total }, (_, index) => ({ id: plan.uuid(index), index }))
  ids.sort((a, b) => (a.id < b.id ? -1 : 1))
  for (const { id, index } of ids) {
    const claims = plan.claims(index)
    yield {
      id,
      expiresAtSec: claims.expiresAtSec,
      valid: true,
      userId: claims.userId,
      trustId: claims.scope.kind === 'trust' ? claims.scope.trustId : null,
      extra: deferredExtra(source, index),
    }
  }
}
