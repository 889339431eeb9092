// Method `mapped`: an identity provider vouches for a user, and says which groups they are in.
// It exists so that scenarios have federated users, whose tokens are longer and whose roles come by groups.
import type { FederatedClaims } from '../token/claims.js'
import type { Context } from './context.js'
import { federatedDomain, isLive } from './derived.js'
import { comesFrom } from './documents.js'
import { ApiError, refusals } from './errors.js'
import { isObject, member, textMember } from './json.js'
import { findNamed, namedDomain } from './lookup.js'
import { proofOf } from './proof.js'
import type { Proof } from './proof.js'
import { ask } from './questions.js'
import type { IdentityCase } from './questions.js'
import { freshId } from './revoke.js'
import type { Document } from './store.js'

/** Where a federated user comes from. */
type Origin = Pick<FederatedClaims, 'idpId' | 'protocolId'>

/** The user that stands in the cloud for a federated one (`shadow_federated_user` in `keystone/identity/core.py`). */
export const shadowOf = (id: string, name: string, origin: Origin): Document => ({
  id,
  name,
  domain_id: federatedDomain,
  enabled: true,
  password_hash: null,
  password_expires_at: null,
  options: {},
  federated: [
    {
      idp_id: origin.idpId,
      protocols: [{ protocol_id: origin.protocolId, unique_id: encodeURIComponent(name) }],
    },
  ],
})

/** The ids of the groups that are named by id, or by name and domain. A group that is not there: 500, as in Keystone. */
const groupsOf = (context: Context, given: unknown): string[] => {
  if (given === undefined) return []
  if (!Array.isArray(given)) throw new ApiError(refusals.expecting('a list of groups', 'mapped'))
  const ids = given.map((reference: unknown): string | null => {
    const id = typeof reference === 'string' ? reference : textMember(reference, 'id')
    if (id !== null) return context.facts.get('group', id)?.id ?? null
    const name = textMember(reference, 'name')
    const domain = isObject(reference) ? namedDomain(context.facts, reference['domain'], 'domain') : null
    return name === null || domain === null
      ? null
      : (findNamed(context.facts, 'group', name, domain.id)?.id ?? null)
  })
  if (ids.includes(null)) throw new ApiError(refusals.unexpected())
  return [...new Set(ids as string[])]
}

/** The shadow of the named user, made if this is their first login. @throws ApiError 401 */
function* shadowUser(context: Context, payload: unknown, origin: Origin): IdentityCase<Document> {
  const { facts } = context
  const id = textMember(payload, 'user_id')
  const name = textMember(payload, 'user_name') ?? id
  if (name === null) throw new ApiError(refusals.unauthorized())
  const known =
    id === null
      ? (facts.find('user', 'name', name).find((user) => comesFrom(user, origin)) ?? null)
      : facts.get('user', id)
  if (known === null) {
    const shadow = shadowOf(id ?? freshId(context), name, origin)
    yield* ask.putDocument('user', shadow)
    return shadow
  }
  // Nobody becomes a user of the cloud itself, or another provider's, by naming their id.
  if (!comesFrom(known, origin) || !isLive(facts, known)) throw new ApiError(refusals.unauthorized())
  return known
}

/**
 * The payload is `{"identity_provider", "protocol", "user_id" or "user_name", "groups": [id or {"name", "domain"}]}`.
 *
 * A rehearsal's stand-in, not Keystone's own: a real Keystone takes from the request no more than provider and protocol.
 * Who the user is and in which groups follows, by a mapping, from an assertion that the *web server* in front of it has
 * verified (mod_shib, mod_auth_openidc) and put into the environment. Here whoever sends the request says it himself,
 * so the method proves nothing, and a service that strangers reach must not have it in `methods`.
 *
 * `user_id` may be anything, such as the 64 hexadecimal digits of an LDAP user.
 */
export function* mapped(context: Context, payload: unknown): IdentityCase<Proof> {
  const idpId = textMember(payload, 'identity_provider')
  if (idpId === null) throw new ApiError(refusals.expecting('identity_provider', 'mapped'))
  const protocolId = textMember(payload, 'protocol')
  if (protocolId === null) throw new ApiError(refusals.expecting('protocol', 'mapped'))
  const groupIds = groupsOf(context, member(payload, 'groups'))
  const user = yield* shadowUser(context, payload, { idpId, protocolId })
  return proofOf(user, { federated: { groupIds, idpId, protocolId } })
}
