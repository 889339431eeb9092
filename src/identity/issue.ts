// Makes a token of claims, in the format that the node's mode says, and the row if there is one.
// It exists apart from authentication because tables are also seeded with tokens that nobody asked for.
import { DefectError } from '../base/errors.js'
import { auditChain, auditId } from '../token/audit.js'
import type { Claims } from '../token/claims.js'
import { issues } from '../token/mode.js'
import { uuidToken } from '../token/uuid.js'
import type { Context } from './context.js'
import { ApiError, refusals } from './errors.js'
import { standingOf } from './standing.js'
import type { Standing } from './standing.js'
import type { TokenRow } from './store.js'
import { extraOfIssued, tokenPieces } from './tokenBody.js'

/** A token that was made but not yet stored. */
export interface Issued {
  readonly id: string
  readonly claims: Claims
  /** Null for a Fernet token. */
  readonly row: TokenRow | null
}

/** The audit ids of a token made now: a fresh one, then the first of the chain that it continues. */
export const freshAuditIds = (context: Context, parent: readonly string[] = []): string[] =>
  auditChain(auditId(context.random(16)), parent)

/** What a payload says of a token: the same, but for whom a trust's names (`ReleaseProfile.trustPayloadUser`). */
const payloadClaims = (context: Context, claims: Claims): Claims =>
  claims.trust !== undefined && context.config.profile.trustPayloadUser === 'trustee'
    ? { ...claims, userId: claims.trust.trusteeId }
    : claims

/** Makes a token in the format that the node issues. The row is to be inserted before the token is handed out. */
export const issueToken = (
  context: Context,
  claims: Claims,
  standing: Standing,
  options: { readonly catalog: boolean } = { catalog: true },
): Issued => {
  if (issues(context.mode) === 'fernet') {
    if (context.sealer === null) throw new ApiError(refusals.unexpected())
    const id = context.sealer.issue(payloadClaims(context, claims), { iv: context.random(16) })
    return { id, claims, row: null }
  }
  const id = uuidToken(context.random(16))
  const extra = extraOfIssued(context, id, tokenPieces(context, claims, standing, options))
  const trustId = claims.scope.kind === 'trust' ? claims.scope.trustId : null
  return {
    id,
    claims,
    row: { id, expiresAtSec: claims.expiresAtSec, valid: true, userId: claims.userId, trustId, extra },
  }
}

/**
 * Makes a token for a user on a project as if they had logged in at `context.nowSec`: to seed a cloud with live tokens.
 * @throws DefectError if the user has no role there
 */
export const seedToken = (
  context: Context,
  token: { readonly userId: string; readonly projectId: string },
): Issued => {
  const issuedAtSec = Math.floor(context.nowSec)
  const claims: Claims = {
    userId: token.userId,
    methods: ['password'],
    auditIds: freshAuditIds(context),
    issuedAtSec,
    expiresAtSec: issuedAtSec + context.config.expirationSec,
    scope: { kind: 'project', projectId: token.projectId },
  }
  const standing = standingOf(context, claims, '')
  if (!('user' in standing))
    throw new DefectError(`cannot seed a token: ${standing.message ?? standing.cause}`)
  return issueToken(context, claims, standing)
}
