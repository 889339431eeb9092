// Which revocation events hit a token, found by index instead of by reading them all.
// Mitaka and Newton read every event at each validation, which is what made them slow; see Keystone commit 9e8437146.
import type { Claims } from '../token/claims.js'
import type { TokenFormat } from '../token/uuid.js'
import { textOrNull } from './documents.js'
import { parseInstant } from './instants.js'
import type { Document } from './store.js'

/** What is known of a token besides its claims. */
export interface RevocationSubject {
  readonly claims: Claims
  readonly format: TokenFormat
  /** Who gave the trust and who got it, for a trust's token. */
  readonly trustorId: string | null
  readonly trusteeId: string | null
  /** The domain that the token's user belongs to. */
  readonly userDomainId: string | null
  /** The domain of the project that the token is for. */
  readonly projectDomainId?: string | null
  /** The roles that the token has now. */
  readonly roleIds: readonly string[]
}

interface Event {
  readonly auditId: string | null
  readonly auditChainId: string | null
  readonly trustId: string | null
  readonly userId: string | null
  readonly projectId: string | null
  readonly domainId: string | null
  readonly roleId: string | null
  readonly onlyFormat: string | null
  readonly issuedBeforeSec: number
}

const eventOf = (document: Document): Event => ({
  auditId: textOrNull(document, 'audit_id'),
  auditChainId: textOrNull(document, 'audit_chain_id'),
  trustId: textOrNull(document, 'trust_id'),
  userId: textOrNull(document, 'user_id'),
  projectId: textOrNull(document, 'project_id'),
  domainId: textOrNull(document, 'domain_id'),
  roleId: textOrNull(document, 'role_id'),
  onlyFormat: textOrNull(document, 'only_format'),
  issuedBeforeSec: Math.floor(parseInstant(textOrNull(document, 'issued_before') ?? '') ?? -Infinity),
})

/** The project that a token is for, in whichever scope. */
const projectOf = (claims: Claims): string | null =>
  claims.scope.kind === 'project' || claims.scope.kind === 'trust' ? claims.scope.projectId : null

/**
 * Whether an event hits a token: every field that the event names agrees, and the token was issued no later, both in
 * whole seconds. So a token issued again within the second of a revocation is dead (bug 1484237).
 * Source: `keystone/models/revoke_model.py`.
 */
const hits = (event: Event, subject: RevocationSubject): boolean => {
  const { claims } = subject
  if (Math.floor(claims.issuedAtSec) > event.issuedBeforeSec) return false
  if (event.onlyFormat !== null && event.onlyFormat !== subject.format) return false
  if (event.auditId !== null && event.auditId !== claims.auditIds[0]) return false
  if (event.auditChainId !== null && event.auditChainId !== claims.auditIds.at(-1)) return false
  if (event.trustId !== null && !(claims.scope.kind === 'trust' && claims.scope.trustId === event.trustId))
    return false
  if (event.projectId !== null && event.projectId !== projectOf(claims)) return false
  if (event.roleId !== null && !subject.roleIds.includes(event.roleId)) return false
  if (event.domainId !== null) {
    const scoped = claims.scope.kind === 'domain' ? claims.scope.domainId : subject.projectDomainId
    if (scoped !== event.domainId && subject.userDomainId !== event.domainId) return false
  }
  return (
    event.userId === null ||
    event.userId === claims.userId ||
    event.userId === subject.trustorId ||
    event.userId === subject.trusteeId
  )
}

/** Revocation events, and whether any of them hits a token. */
export interface RevocationList {
  revokes(subject: RevocationSubject): boolean
}

/** Events as a Keystone reads them that has no filter in SQL: one after the other, for each token. */
export class ReadRevocations implements RevocationList {
  private readonly events: readonly Event[]

  constructor(documents: readonly Document[]) {
    this.events = documents.map(eventOf)
  }

  revokes(subject: RevocationSubject): boolean {
    return this.events.some((event) => hits(event, subject))
  }
}

/** How long a list of events is kept by a cache (`[revoke] cache_time`), seconds. */
export const revocationCacheSec = 3600

/** Events filed under the rarest thing that each names, so that a validation looks at few. */
export class RevocationIndex implements RevocationList {
  private events: readonly Document[] = []
  private readonly shelves = new Map<string, Event[]>()
  private readonly others: Event[] = []
  /** Events that stand in Keystone's table; those of one format stand for marks on rows instead. */
  private written = 0

  /** An index of these events. */
  static of(events: readonly Document[]): RevocationIndex {
    const index = new RevocationIndex()
    index.update(events)
    return index
  }

  get isEmpty(): boolean {
    return this.events.length === 0
  }

  /** Takes in the events of a newer list; cheap when it is the same list, or the old one with more at its end. */
  update(events: readonly Document[]): void {
    if (events === this.events) return
    const known = this.events.length
    const grown =
      events.length >= known &&
      (known === 0 || (events[known - 1] === this.events[known - 1] && events[0] === this.events[0]))
    if (!grown) {
      this.shelves.clear()
      this.others.length = 0
      this.written = 0
    }
    for (let i = grown ? known : 0; i < events.length; i++) this.file(events[i] as Document)
    this.events = events
  }

  /** Whether any event hits the token. */
  revokes(subject: RevocationSubject): boolean {
    if (this.events.length === 0) return false
    const { claims } = subject
    const audit = claims.auditIds[0]
    const chain = claims.auditIds.at(-1)
    const project = projectOf(claims)
    return (
      (audit !== undefined && this.hitBy(`a${audit}`, subject)) ||
      (chain !== undefined && this.hitBy(`c${chain}`, subject)) ||
      (claims.scope.kind === 'trust' && this.hitBy(`t${claims.scope.trustId}`, subject)) ||
      this.hitBy(`u${claims.userId}`, subject) ||
      (subject.trustorId !== null && this.hitBy(`u${subject.trustorId}`, subject)) ||
      (subject.trusteeId !== null && this.hitBy(`u${subject.trusteeId}`, subject)) ||
      (project !== null && this.hitBy(`p${project}`, subject)) ||
      this.others.some((event) => hits(event, subject))
    )
  }

  /** How many events stand in Keystone's table: all of which a release without a filter reads to validate a token. */
  get size(): number {
    return this.written
  }

  private hitBy(shelf: string, subject: RevocationSubject): boolean {
    const events = this.shelves.get(shelf)
    return events !== undefined && events.some((event) => hits(event, subject))
  }

  private file(document: Document): void {
    const event = eventOf(document)
    const shelf = shelfOf(event)
    if (event.onlyFormat === null) this.written++
    if (shelf === null) {
      this.others.push(event)
      return
    }
    const events = this.shelves.get(shelf)
    if (events === undefined) this.shelves.set(shelf, [event])
    else events.push(event)
  }
}

const shelfOf = (event: Event): string | null => {
  if (event.auditId !== null) return `a${event.auditId}`
  if (event.auditChainId !== null) return `c${event.auditChainId}`
  if (event.trustId !== null) return `t${event.trustId}`
  if (event.userId !== null) return `u${event.userId}`
  return event.projectId === null ? null : `p${event.projectId}`
}
