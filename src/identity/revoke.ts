// Revoking tokens: what is written so that a token, or all tokens of a user, trust or project, are refused.
// It exists in one place because Keystone does two things each time: rows become invalid, and an event is written.
import type { Context } from './context.js'
import type { RevocationDocument } from './documents.js'
import { textOrNull } from './documents.js'
import { isoInstant, parseInstant } from './instants.js'
import { ask } from './questions.js'
import type { IdentityCase } from './questions.js'
import { forgetAll, forgetRevoked, invalidateRows } from './tokenCache.js'
import type { GoodToken } from './tokenCheck.js'

/** What an event names; see `RevocationDocument`. */
export type RevocationTarget = Omit<RevocationDocument, 'id' | 'issued_before' | 'revoked_at'>

const hex = (bytes: Uint8Array): string => {
  let text = ''
  for (const byte of bytes) text += byte.toString(16).padStart(2, '0')
  return text
}

/** 32 hexadecimal digits, for ids of new things. */
export const freshId = (context: Context): string => hex(context.random(16))

/**
 * How long an event is kept beyond `[token] expiration` (`[revoke] expiration_buffer`), seconds. The window for expired tokens
 * does not lengthen it (`revoked_before_cutoff_time` in `keystone/revoke/backends/base.py`).
 */
const expirationBufferSec = 1800
/** Old events that one revocation clears away at most, so that no request pays for all of them. */
const clearedMax = 8

/** Writes an event, and clears away a few that are past their time. */
export function* writeEvent(
  context: Context,
  target: { readonly [K in keyof RevocationTarget]?: string },
): IdentityCase<void> {
  const now = isoInstant(Math.floor(context.nowSec))
  yield* ask.putDocument('revocation_event', {
    id: freshId(context),
    ...target,
    issued_before: now,
    revoked_at: now,
  })
  const oldestSec = context.nowSec - context.config.expirationSec - expirationBufferSec
  const outdated: string[] = []
  for (const event of context.facts.list('revocation_event')) {
    const revokedAt = parseInstant(textOrNull(event, 'revoked_at') ?? '')
    if (revokedAt === null || revokedAt >= oldestSec || outdated.length === clearedMax) break
    outdated.push(event.id)
  }
  for (const id of outdated) yield* ask.removeDocument('revocation_event', id)
}

/** One token: its row, and an event by its audit id. Its children live on (measured). */
export function* revokeToken(context: Context, token: GoodToken): IdentityCase<void> {
  if (token.format === 'uuid') yield* invalidateRows(context, { id: token.id })
  yield* writeEvent(context, { audit_id: token.claims.auditIds[0] ?? '' })
  yield* forgetRevoked(context, token.id)
}

/**
 * A token and all that were made from one another with it, of either format: the first audit id of a chain goes with
 * each of its tokens, whatever they are written as. No call of the API asks for it, as in Keystone
 * (`revoke_by_audit_chain_id` in `keystone/revoke/core.py`).
 */
export function* revokeChain(context: Context, token: GoodToken): IdentityCase<void> {
  if (token.format === 'uuid') yield* invalidateRows(context, { id: token.id })
  yield* writeEvent(context, { audit_chain_id: token.claims.auditIds.at(-1) ?? '' })
  yield* forgetRevoked(context, token.id)
}

/** All tokens of a user: it was disabled, deleted, or has a new password. */
export function* revokeUser(context: Context, userId: string): IdentityCase<void> {
  yield* invalidateRows(context, { userId })
  yield* writeEvent(context, { user_id: userId })
  yield* forgetAll(context)
}

/** All tokens of a trust. */
export function* revokeTrust(context: Context, trustId: string): IdentityCase<void> {
  yield* invalidateRows(context, { trustId })
  yield* writeEvent(context, { trust_id: trustId })
  yield* forgetAll(context)
}

/** All tokens of a project: it was disabled or deleted. */
export function* revokeProject(context: Context, projectId: string): IdentityCase<void> {
  yield* writeEvent(context, { project_id: projectId })
}

/**
 * A role was taken from a user on a project. UUID tokens for it die; Fernet tokens live on with the roles that are
 * left (measured), so the event is for rows only: it stands for `valid = 0` on the user's rows of that project.
 */
export function* revokeGrant(
  context: Context,
  grant: { readonly userId: string; readonly projectId: string },
): IdentityCase<void> {
  yield* writeEvent(context, { user_id: grant.userId, project_id: grant.projectId, only_format: 'uuid' })
  yield* forgetAll(context)
}
