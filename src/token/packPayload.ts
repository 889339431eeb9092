// Writes the payload of a Fernet token byte for byte as Keystone does.
// Apart from reading, since writing follows one layout strictly and reading must take every one that was ever out.

import { auditIdToBytes } from './audit.js'
import type { FederatedClaims, PayloadClaims, Scope } from './claims.js'
import { methodsToMask } from './methods.js'
import { MsgpackWriter } from './msgpack.js'
import { payloadLengths, payloadVersion, timeSecMax } from './payload.js'
import type { PayloadOptions } from './payload.js'
import { TokenError } from './tokenError.js'

const uuidHex = /^[0-9a-f]{32}$/

/** The id of a scope that is a project, a trust's project or a domain. */
const scopeId = (scope: Scope): string => {
  if (scope.kind === 'project' || scope.kind === 'trust') return scope.projectId
  if (scope.kind === 'domain') return scope.domainId
  throw new TokenError('bad-claims', `scope ${scope.kind} has no id`)
}

/**
 * (true, 16 bytes) or (false, text). Only ids that come back unchanged are shortened to bytes. Keystone also
 * shortens upper-case and dashed UUIDs, and gets another text back.
 */
export const writeId = (out: MsgpackWriter, id: string): void => {
  out.array(2)
  if (uuidHex.test(id)) out.boolean(true).bytes(Buffer.from(id, 'hex'))
  else out.boolean(false).text(id)
}

const writeFederated = (out: MsgpackWriter, federated: FederatedClaims): void => {
  out.array(federated.groupIds.length)
  for (const id of federated.groupIds) writeId(out, id)
  writeId(out, federated.idpId)
  out.text(federated.protocolId)
}

/** 16 bytes and no tuple: trusts always, domains unless they are the default one. */
const writeBareUuid = (out: MsgpackWriter, id: string, what: string): void => {
  if (!uuidHex.test(id)) throw new TokenError('bad-claims', `a ${what} must be 32 hexadecimal digits`)
  out.bytes(Buffer.from(id, 'hex'))
}

const writeExpiryAndAudit = (out: MsgpackWriter, claims: PayloadClaims): void => {
  const { expiresAtSec, auditIds } = claims
  if (!(expiresAtSec >= 0 && expiresAtSec <= timeSecMax)) {
    throw new TokenError('bad-claims', `expiresAtSec is not a time of this era: ${expiresAtSec}`)
  }
  out.float(expiresAtSec).array(auditIds.length)
  for (const id of auditIds) out.bytes(auditIdToBytes(id))
}

/**
 * Writes a payload. The version follows from the claims; after the version, the user and the methods stand:
 *
 * | version | fields |
 * |---|---|
 * | 0 unscoped | expires, audit |
 * | 1 domain | bare domain, expires, audit |
 * | 2 project | project, expires, audit |
 * | 3 trust | project, expires, audit, bare trust |
 * | 4 federated | [group…], idp, protocol, expires, audit |
 * | 5 / 6 federated project / domain | project or domain, [group…], idp, protocol, expires, audit |
 * | 7 OAuth 1 | project, access token, expires, audit |
 * | 8 system | `true` or "all", expires, audit |
 * | 9 application credential | project, expires, audit, application credential |
 * | 10 OAuth 2 mTLS | project, domain (one of them nil), expires, audit, thumbprint |
 *
 * Not written, since no payload has them: `issuedAtSec`, `trust`.
 *
 * @returns msgpack bytes, the plaintext of a Fernet token
 * @throws TokenError `bad-claims`, `unknown-method`
 */
export const packPayload = (claims: PayloadClaims, options: PayloadOptions): Uint8Array => {
  const version = payloadVersion(claims)
  const out = new MsgpackWriter(options.family)
  const { scope, federated } = claims
  out.array(payloadLengths[version]).uint(version)
  writeId(out, claims.userId)
  out.uint(methodsToMask(claims.methods, options.methodOrder))
  switch (version) {
    case 1: {
      const id = scopeId(scope)
      if (!uuidHex.test(id) && id === (options.defaultDomainId ?? 'default')) out.text(id)
      else writeBareUuid(out, id, 'domain id other than the default one')
      break
    }
    case 5:
    case 6:
    case 2:
    case 3:
    case 7:
    case 9:
      writeId(out, scopeId(scope))
      break
    case 8:
      if (options.systemMarker === true) out.boolean(true)
      else out.text('all')
      break
    case 10:
      if (scope.kind === 'domain') out.array(2).boolean(false).nil()
      writeId(out, scopeId(scope))
      if (scope.kind !== 'domain') out.array(2).boolean(false).nil()
      break
    case 0:
    case 4:
      break
  }
  if (federated !== undefined && version >= 4 && version <= 6) writeFederated(out, federated)
  if (version === 7) writeId(out, claims.accessTokenId as string)
  writeExpiryAndAudit(out, claims)
  if (version === 3 && scope.kind === 'trust') writeBareUuid(out, scope.trustId, 'trust id')
  if (version === 9) writeId(out, claims.applicationCredentialId as string)
  if (version === 10)
    out
      .array(2)
      .boolean(false)
      .text(claims.thumbprint as string)
  return out.finish()
}
