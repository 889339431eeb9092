// The clients of a run: members of every class and the services' workers, each with what it holds at the start.
// The engine asks it for members; the timeline asks it for restarts.
import { Random } from '../base/random.js'
import { behaviours } from '../clients/behaviours.js'
import type { Member } from '../clients/member.js'
import { Service } from '../clients/middleware.js'
import { RadosGateway } from '../clients/radosGateway.js'
import { senderOfService } from '../scenario/senders.js'
import type { ClientClass, Scenario } from '../scenario/scenario.js'
import type { Sealer } from '../token/sealer.js'
import { rehearsalPassword, type CloudUser, type MemberPlan } from './cloudPlan.js'
import type { Fleet } from './fleet.js'
import type { TokenPlan } from './tokenPlan.js'

/** Who is who: of a cloud that was planned, or of one that was found. */
export interface Cast {
  /** `password`: where it is not the rehearsal's own. */
  readonly services: ReadonlyMap<
    string,
    Pick<CloudUser, 'userId' | 'projectId'> & { readonly password?: string }
  >
  readonly members: ReadonlyMap<string, readonly MemberPlan[]>
}

export interface PopulationOptions {
  readonly scenario: Scenario
  readonly cloud: Cast
  readonly tokens: Pick<TokenPlan, 'heldBy' | 'heldByWorker'>
  /** Makes the Fernet tokens that clients hold at the start; not used if the run starts with UUID tokens. */
  readonly sealer: Sealer | null
}

export class Population {
  private readonly members = new Map<string, readonly Member[]>()
  private readonly services = new Map<string, Service>()
  private readonly scenario: Scenario

  constructor({ scenario, cloud, tokens, sealer }: PopulationOptions) {
    this.scenario = scenario
    const password = rehearsalPassword(scenario.seed)
    const classes = scenario.clients.map(({ name }) => name)
    for (const [name, { userId, projectId, password: own = password }] of cloud.services) {
      const credentials = { userId, password: own, projectId, trustId: null }
      const initial = (worker: number) =>
        scenario.middleware.atStart === 'empty' ? null : tokens.heldByWorker(name, worker, sealer)
      const sender = senderOfService(name, classes)
      const Kind = scenario.middleware.radosGateways.includes(name) ? RadosGateway : Service
      this.services.set(name, new Kind(sender, scenario.middleware, credentials, initial))
    }
    for (const clientClass of scenario.clients) {
      const { name, through } = clientClass
      const subjects = this.subjectsOf(clientClass)
      const services = through
        .map((service) => this.services.get(service))
        .filter((service) => service !== undefined)
      const plans = cloud.members.get(name) ?? []
      this.members.set(
        name,
        plans.map(({ credentials }, index) => ({
          className: name,
          index,
          credentials,
          services,
          random: new Random(scenario.seed, 'choices', name, index),
          token: tokens.heldBy(name, index, sealer),
          renewing: null,
          subjects,
          lastsSec: clientClass.lastsSec,
          loginAfterSec: clientClass.loginAfterSec,
          awayUntilSec: 0,
          choice: null,
        })),
      )
      if (scenario.middleware.atStart === 'filled' && clientClass.joinsWithinSec === null)
        this.fillCaches(clientClass)
    }
  }

  /** The members whose tokens a class looks at, found when they are asked for: classes may stand in any order. */
  private subjectsOf({ subjects }: ClientClass): () => readonly Member[] {
    let found: readonly Member[] | null = null
    return () => (found ??= subjects.flatMap((name) => this.membersOf(name)))
  }

  /**
   * Fills the middleware's caches as they are in a cloud that has been running for long. Somebody who calls a service once in
   * T finds its token remembered (for `token_cache_time`, C) with probability C / (C + T): of each cycle of one validation,
   * C is remembered and the wait for the next call, T on average, is not. What is remembered ends evenly within C.
   */
  private fillCaches({ name, everySec, through }: ClientClass): void {
    const { tokenCacheSec, cache, workers } = this.scenario.middleware
    const caches = cache === 'shared' ? 1 : workers
    const share = tokenCacheSec / (tokenCacheSec + everySec * through.length * caches)
    for (const { token, services, index } of this.membersOf(name)) {
      const random = new Random(this.scenario.seed, 'caches', name, index)
      if (token === null || tokenCacheSec === 0) continue
      for (const service of services) {
        for (let worker = 0; worker < caches; worker++) {
          if (random.unit() < share) service.remember(token, worker, random.unit() * tokenCacheSec)
        }
      }
    }
  }

  /** Names of all that send, each once: classes, then services. */
  get senders(): readonly string[] {
    return [...this.members.keys(), ...[...this.services.values()].map(({ name }) => name)]
  }

  membersOf(className: string): readonly Member[] {
    return this.members.get(className) ?? []
  }

  /** The tokens that members hold now. */
  heldTokens(): readonly string[] {
    const tokens: string[] = []
    for (const members of this.members.values()) {
      for (const { token } of members) if (token !== null) tokens.push(token.id)
    }
    return tokens
  }

  /** Tells the services which formats every backend accepts now. */
  fleetChanged(fleet: Fleet): void {
    const accepted = (['uuid', 'fernet'] as const).filter((format) => fleet.allAccept(format))
    for (const service of this.services.values()) service.keystoneAccepts(accepted)
  }

  /** Restarts the processes of a class, of a service, or of both if they share the name; returns whom it hit. */
  restart(target: string): { readonly workers: number; readonly members: number } {
    let workers = 0
    const service = this.services.get(target)
    if (service !== undefined) {
      service.restart()
      workers = service.workerCount
    }
    const clientClass = this.scenario.clients.find(({ name }) => name === target)
    const restart = clientClass === undefined ? null : behaviours[clientClass.behaviour].restart
    if (restart === null) return { workers, members: 0 }
    const members = this.membersOf(target)
    for (const member of members) restart(member)
    return { workers, members: members.length }
  }
}
