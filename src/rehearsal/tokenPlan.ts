// The tokens that exist when a run starts: those that clients hold, and those that were issued and forgotten.
// All instants follow from scenario and seed; nothing is made before somebody needs it.
import { NumberedRandom } from '../base/random.js'
import { behaviours } from '../clients/behaviours.js'
import type { HeldToken } from '../clients/exchange.js'
import type { Scenario } from '../scenario/scenario.js'
import { auditId } from '../token/audit.js'
import type { Claims } from '../token/claims.js'
import { issues } from '../token/mode.js'
import type { Sealer } from '../token/sealer.js'
import { uuidToken } from '../token/uuid.js'
import type { CloudPlan } from './cloudPlan.js'

/** Whose token it is. */
export interface Holder {
  readonly userId: string
  readonly projectId: string
  readonly trustId: string | null
}

/** Tokens are numbered: first those of the members, class by class, then the services' workers, then the rest. */
export class TokenPlan {
  /** How many there are. */
  readonly total: number
  private readonly scenario: Scenario
  private readonly holders: Holder[] = []
  /** Who holds what nobody in this run holds: all users. */
  private readonly others: readonly Holder[]
  private readonly firstOfClass = new Map<string, number>()
  private readonly firstOfService = new Map<string, number>()
  private readonly ages: NumberedRandom
  private readonly ids: NumberedRandom
  private readonly auditIds: NumberedRandom
  private readonly ivs: NumberedRandom
  private readonly someones: NumberedRandom

  constructor(scenario: Scenario, cloud: CloudPlan) {
    this.scenario = scenario
    this.ages = new NumberedRandom(scenario.seed, 'token')
    this.ids = new NumberedRandom(scenario.seed, 'token id')
    this.auditIds = new NumberedRandom(scenario.seed, 'token audit')
    this.ivs = new NumberedRandom(scenario.seed, 'token iv')
    this.someones = new NumberedRandom(scenario.seed, 'token holder')
    this.others = cloud.users.map(({ userId, projectId }) => ({ userId, projectId, trustId: null }))
    for (const clientClass of scenario.clients) {
      if (!behaviours[clientClass.behaviour].startsWithToken) continue
      this.firstOfClass.set(clientClass.name, this.holders.length)
      for (const { tokenUserId, projectId, credentials } of cloud.members.get(clientClass.name) ?? []) {
        this.holders.push({ userId: tokenUserId, projectId, trustId: credentials.trustId })
      }
    }
    for (const [name, { userId, projectId }] of cloud.services) {
      this.firstOfService.set(name, this.holders.length)
      const held = scenario.middleware.atStart === 'filled' ? scenario.middleware.workers : 0
      for (let worker = 0; worker < held; worker++) {
        this.holders.push({ userId, projectId, trustId: null })
      }
    }
    this.total = Math.max(this.holders.length, scenario.tokens.live)
  }

  /** Whose token `index` is. */
  holder(index: number): Holder {
    return this.holders[index] ?? this.someone(index)
  }

  /**
   * When token `index` was issued, seconds since 1970. Ages are spread evenly, by default over the validity, as a steady
   * rate of issuing leaves them.
   */
  issuedAtSec(index: number): number {
    const { startsAtEpochSec, tokens } = this.scenario
    return startsAtEpochSec - Math.floor(this.ages.at(index).unit() * tokens.issuedWithinSec)
  }

  /** When it expires, seconds since 1970. */
  expiresAtSec(index: number): number {
    return this.issuedAtSec(index) + this.scenario.identity.expirationSec
  }

  /** What token `index` says. */
  claims(index: number): Claims {
    const { identity } = this.scenario
    const issuedAtSec = this.issuedAtSec(index)
    const { userId, projectId, trustId } = this.holder(index)
    return {
      userId,
      methods: ['password'],
      auditIds: [auditId(this.auditIds.at(index).bytes(16))],
      issuedAtSec,
      expiresAtSec: issuedAtSec + identity.expirationSec,
      scope: trustId === null ? { kind: 'project', projectId } : { kind: 'trust', projectId, trustId },
    }
  }

  /** The text of UUID token `index`. */
  uuid(index: number): string {
    return uuidToken(this.ids.at(index).bytes(16))
  }

  /** The token that a member of a class holds when the run starts; null if it starts with none. */
  heldBy(className: string, member: number, sealer: Sealer | null): HeldToken | null {
    const first = this.firstOfClass.get(className)
    return first === undefined ? null : this.tokenOf(first + member, sealer)
  }

  /** The token that a worker of a service holds when the run starts. */
  heldByWorker(service: string, worker: number, sealer: Sealer | null): HeldToken | null {
    const first = this.firstOfService.get(service)
    return first === undefined ? null : this.tokenOf(first + worker, sealer)
  }

  /** All tokens that somebody in this run holds when it starts. */
  held(sealer: Sealer | null): readonly { readonly index: number; readonly token: HeldToken }[] {
    return this.holders.flatMap((_, index) => {
      const token = this.tokenOf(index, sealer)
      return token === null ? [] : [{ index, token }]
    })
  }

  private tokenOf(index: number, sealer: Sealer | null): HeldToken | null {
    const claims = this.claims(index)
    const expiresAtSec = claims.expiresAtSec - this.scenario.startsAtEpochSec
    const format = issues(this.scenario.identity.provider)
    if (format === 'uuid') return { id: this.uuid(index), format, expiresAtSec }
    if (sealer === null) return null
    const iv = this.ivs.at(index).bytes(16)
    return { id: sealer.issue(claims, { iv }), format, expiresAtSec }
  }

  private someone(index: number): Holder {
    return this.others[this.someones.at(index).int(this.others.length)] as Holder
  }
}
