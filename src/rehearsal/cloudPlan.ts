// Who is in the cloud: the documents that a store is loaded with, and who of them is which member of which class.
// A pure function of scenario and seed, so that the process that fills the store and the one that sends agree.
import { Random } from '../base/random.js'
import { assert } from '../base/errors.js'
import { behaviours } from '../clients/behaviours.js'
import type { Credentials } from '../clients/exchange.js'
import { cloudDocuments, roleIdOf, serviceProjectIdOf } from '../identity/cloud.js'
import type { DocumentEntry, TrustDocument } from '../identity/documents.js'
import { assignmentOf, textOf } from '../identity/documents.js'
import { isoInstant } from '../identity/instants.js'
import type { Document } from '../identity/store.js'
import type { ClientClass, Scenario } from '../scenario/scenario.js'
import { specialUser, userDocument } from './specialUsers.js'
import { auditId } from '../token/audit.js'

/** A user with the project in which it has a role. */
export interface CloudUser {
  readonly userId: string
  readonly projectId: string
  readonly roleId: string
}

export interface CloudPlan {
  /** Everything but token rows. */
  readonly documents: readonly DocumentEntry[]
  readonly users: readonly CloudUser[]
  readonly services: ReadonlyMap<string, CloudUser>
  /** Credentials of each member of a class, and whom its token names. */
  readonly members: ReadonlyMap<string, readonly MemberPlan[]>
}

export interface MemberPlan {
  readonly credentials: Credentials
  /** The user that a token of the member names: with a trust that impersonates, the trustor. */
  readonly tokenUserId: string
  readonly projectId: string
}

/** All users of a rehearsal have one password; it opens nothing but the rehearsal's own servers. */
export const rehearsalPassword = (seed: number): string => `pw-${new Random(seed, 'password').hex(24)}`

/** Plans the cloud. `passwordHash` is what every user's password is stored as; '' where nobody will look. */
export const planCloud = (scenario: Scenario, passwordHash: string): CloudPlan => {
  const { cloud, seed } = scenario
  const documents: DocumentEntry[] = [...cloudDocuments({ ...cloud, seed, passwordHash })]
  documents.push(...oldRevocations(scenario))
  const { users, services } = peopleOf(documents, cloud.services)
  const members = new Map<string, readonly MemberPlan[]>()
  const password = rehearsalPassword(seed)
  let nextUser = 0
  for (const clientClass of scenario.clients) {
    const plans: MemberPlan[] = []
    if (behaviours[clientClass.behaviour].identity === 'service-user') {
      const service = serviceUserOf(clientClass, seed, passwordHash)
      documents.push(...service.documents)
      const plan: MemberPlan = { credentials: { ...service.credentials, password }, ...service.named }
      members.set(
        clientClass.name,
        Array.from({ length: clientClass.members }, () => plan),
      )
      continue
    }
    const trustees = trusteesOf(clientClass, scenario, passwordHash)
    documents.push(...trustees.map((trustee): DocumentEntry => ['user', trustee]))
    for (let member = 0; member < clientClass.members; member++) {
      const user = users[nextUser++ % users.length] as CloudUser
      const trustee = trustees[member % trustees.length]
      if (trustee === undefined) {
        const { projectId, roleId } = user
        const place = { seed, className: clientClass.name, member, projectId, roleId, passwordHash }
        const special = specialUser(behaviours[clientClass.behaviour].identity, place)
        documents.push(...(special?.documents ?? []))
        const credentials = {
          userId: user.userId,
          password,
          projectId,
          trustId: null,
          ...special?.credentials,
        }
        plans.push({ credentials, tokenUserId: credentials.userId, projectId })
        continue
      }
      const trust = trustOf(clientClass, member, scenario, user, trustee)
      documents.push(['trust', trust])
      const credentials = { userId: trustee.id, password, projectId: null, trustId: trust.id }
      plans.push({ credentials, tokenUserId: user.userId, projectId: user.projectId })
    }
    members.set(clientClass.name, plans)
  }
  return { documents, users, services, members }
}

/** Events that are there when the run starts: of single tokens that nobody holds, revoked one after the other over one validity. */
function* oldRevocations({ seed, tokens, identity, startsAtEpochSec }: Scenario): Iterable<DocumentEntry> {
  const random = new Random(seed, 'old revocations')
  const count = tokens.revocationEvents
  for (let i = 0; i < count; i++) {
    const at = isoInstant(Math.floor(startsAtEpochSec - ((count - i) / count) * identity.expirationSec))
    const audit_id = auditId(random.bytes(16))
    yield ['revocation_event', { id: random.hex(32), audit_id, issued_before: at, revoked_at: at }]
  }
}

/** Sorts users from services' users, and finds for each a project in which it has a role. */
const peopleOf = (documents: readonly DocumentEntry[], serviceNames: readonly string[]) => {
  const roleOf = new Map<string, { projectId: string; roleId: string }>()
  for (const [kind, document] of documents) {
    if (kind !== 'assignment' || document['type'] !== 'UserProject') continue
    const actor = textOf(document, 'actor_id')
    if (!roleOf.has(actor))
      roleOf.set(actor, { projectId: textOf(document, 'target_id'), roleId: textOf(document, 'role_id') })
  }
  const users: CloudUser[] = []
  const services = new Map<string, CloudUser>()
  for (const [kind, document] of documents) {
    const role = kind === 'user' ? roleOf.get(document.id) : undefined
    if (role === undefined) continue
    const user = { userId: document.id, ...role }
    const name = textOf(document, 'name')
    if (serviceNames.includes(name)) services.set(name, user)
    else if (name.startsWith('user-')) users.push(user)
  }
  assert(users.length > 0, 'a cloud without users')
  return { users, services }
}

/** The user as whom all members of a class validate: role `service` on the services' project. */
const serviceUserOf = ({ name }: ClientClass, seed: number, passwordHash: string) => {
  const userId = new Random(seed, 'service user', name).hex(32)
  const projectId = serviceProjectIdOf(seed)
  const role = { type: 'UserProject', actor_id: userId, target_id: projectId } as const
  const documents: readonly DocumentEntry[] = [
    ['user', userDocument(userId, `${name}-service`, passwordHash)],
    ['assignment', assignmentOf({ ...role, role_id: roleIdOf(seed, 'service') })],
  ]
  return {
    documents,
    credentials: { userId, projectId, trustId: null },
    named: { tokenUserId: userId, projectId },
  }
}

/** Heat's one service user is the trustee of all its trusts; Magnum makes a trustee for each cluster; others have none. */
const trusteesOf = (
  clientClass: ClientClass,
  scenario: Scenario,
  passwordHash: string,
): readonly Document[] => {
  const { identity } = behaviours[clientClass.behaviour]
  const count = identity === 'own-trustee' ? clientClass.members : identity === 'shared-trustee' ? 1 : 0
  const random = new Random(scenario.seed, 'trustees', clientClass.name)
  return Array.from({ length: count }, (_, i) =>
    userDocument(
      random.hex(32),
      count === 1 ? `${clientClass.name}-trustee` : `${clientClass.name}-trustee-${i + 1}`,
      passwordHash,
    ),
  )
}

const trustOf = (
  clientClass: ClientClass,
  member: number,
  scenario: Scenario,
  trustor: CloudUser,
  trustee: Document,
): TrustDocument => ({
  id: new Random(scenario.seed, 'trust', clientClass.name, member).hex(32),
  trustor_user_id: trustor.userId,
  trustee_user_id: trustee.id,
  project_id: trustor.projectId,
  impersonation: true,
  expires_at: null,
  remaining_uses: null,
  role_ids: [trustor.roleId],
  redelegation_count: 0,
  redelegated_trust_id: null,
})
