// Audit ids: random names that follow a token through logs and through its children.
// They exist in tokens so that a chain of rescoped tokens can be revoked together.

import { TokenError } from './tokenError.js'

/** Bytes of an audit id; 22 characters of base64url without `==`. */
export const auditIdBytes = 16

const auditIdCharacters = 22
const base64url = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'
/** Where an audit id is written before it becomes a text: one is made for every token. */
const scratch = Buffer.alloc(auditIdCharacters)

const auditIdText = /^[A-Za-z0-9_-]{21}[AQgw]$/

/**
 * An audit id: base64url of 16 random bytes, `==` stripped (`keystone/token/provider.py`, `random_urlsafe_str`).
 * @throws TokenError `bad-random-bytes` for another length
 */
export const auditId = (random16: Uint8Array): string => {
  if (random16.length !== auditIdBytes) {
    throw new TokenError('bad-random-bytes', `an audit id is made of 16 bytes, not ${random16.length}`)
  }
  for (let i = 0, at = 0; i < auditIdBytes; i += 3) {
    const group = ((random16[i] ?? 0) << 16) | ((random16[i + 1] ?? 0) << 8) | (random16[i + 2] ?? 0)
    for (let shift = 18; shift >= 0 && at < auditIdCharacters; shift -= 6)
      scratch[at++] = base64url.charCodeAt((group >> shift) & 63)
  }
  return scratch.toString('latin1')
}

/** Whether a text is an audit id. */
export const isAuditId = (text: string): boolean => auditIdText.test(text)

/**
 * The 16 bytes of an audit id.
 * @throws TokenError `bad-claims` if it is none
 */
export const auditIdToBytes = (text: string): Uint8Array => {
  if (!isAuditId(text)) throw new TokenError('bad-claims', `not an audit id: ${JSON.stringify(text)}`)
  return Buffer.from(text, 'base64url')
}

/**
 * The audit ids of a token: its own, then the one that its chain began with. Keystone keeps two at most,
 * whatever the length of the chain (`build_audit_info`).
 */
export const auditChain = (own: string, parent: readonly string[] = []): string[] => {
  const first = parent.at(-1)
  return first === undefined ? [own] : [own, first]
}
