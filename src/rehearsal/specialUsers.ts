// Users who are not like the others: of a directory, of an identity provider, or with a one-time password.
// Their documents and what their clients log in with follow from scenario and seed, like everybody's.
import { Random } from '../base/random.js'
import type { MemberIdentity } from '../clients/member.js'
import type { Credentials } from '../clients/exchange.js'
import { defaultDomainId } from '../identity/cloud.js'
import { assignmentOf, type DocumentEntry } from '../identity/documents.js'
import { shadowOf } from '../identity/mappedMethod.js'
import type { Document } from '../identity/store.js'

export interface SpecialUser {
  readonly documents: readonly DocumentEntry[]
  readonly credentials: Pick<Credentials, 'userId' | 'totpSecret' | 'federated'>
}

/** What such a user is made of: whose member it is, and the project and role of an ordinary user in its place. */
export interface SpecialUserOptions {
  readonly seed: number
  readonly className: string
  readonly member: number
  readonly projectId: string
  readonly roleId: string
  readonly passwordHash: string
}

const origin = { idpId: 'idp.example.org', protocolId: 'saml2' } as const

export const userDocument = (id: string, name: string, passwordHash: string): Document => ({
  id,
  name,
  domain_id: defaultDomainId,
  enabled: true,
  password_hash: passwordHash,
})

const grant = (
  type: 'UserProject' | 'GroupProject',
  actorId: string,
  { projectId, roleId }: SpecialUserOptions,
): DocumentEntry => [
  'assignment',
  assignmentOf({ type, actor_id: actorId, target_id: projectId, role_id: roleId }),
]

/** A user of a directory: Keystone's id for it is a SHA-256, 64 digits (`keystone/identity/id_generators/sha256.py`). */
const ldapUser = (options: SpecialUserOptions): SpecialUser => {
  const { seed, className, member, passwordHash } = options
  const userId = new Random(seed, 'ldap user', className, member).hex(64)
  return {
    documents: [
      ['user', userDocument(userId, `${className}-${member + 1}`, passwordHash)],
      grant('UserProject', userId, options),
    ],
    credentials: { userId },
  }
}

/** A federated user with the role by a group of its own. */
const federatedUser = (options: SpecialUserOptions): SpecialUser => {
  const { seed, className, member } = options
  const random = new Random(seed, 'federated user', className, member)
  const [userId, groupId] = [random.hex(32), random.hex(32)]
  const name = `${className}-${member + 1}`
  return {
    documents: [
      ['user', shadowOf(userId, name, origin)],
      ['group', { id: groupId, name, domain_id: defaultDomainId, description: '' }],
      grant('GroupProject', groupId, options),
    ],
    credentials: { userId, federated: { ...origin, groupIds: [groupId] } },
  }
}

const base32 = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567'

/** A user whose rule is password and one-time password. */
const twoFactorUser = (options: SpecialUserOptions): SpecialUser => {
  const { seed, className, member, passwordHash } = options
  const random = new Random(seed, 'two-factor user', className, member)
  const userId = random.hex(32)
  const totpSecret = Array.from({ length: 32 }, () => base32[random.int(32)]).join('')
  const rules = { multi_factor_auth_enabled: true, multi_factor_auth_rules: [['password', 'totp']] }
  return {
    documents: [
      ['user', { ...userDocument(userId, `${className}-${member + 1}`, passwordHash), options: rules }],
      [
        'credential',
        { id: random.hex(32), user_id: userId, project_id: null, type: 'totp', blob: totpSecret },
      ],
      grant('UserProject', userId, options),
    ],
    credentials: { userId, totpSecret },
  }
}

const kinds: Readonly<Partial<Record<MemberIdentity, (options: SpecialUserOptions) => SpecialUser>>> = {
  'ldap-user': ldapUser,
  'federated-user': federatedUser,
  'two-factor-user': twoFactorUser,
}

/** Such a user; null for a kind that is an ordinary one. */
export const specialUser = (kind: MemberIdentity, options: SpecialUserOptions): SpecialUser | null =>
  kinds[kind]?.(options) ?? null
