// When each member of a class of clients calls: its own seeded stream of due instants, in scenario seconds.
// It exists so that the load is a pure function of scenario and seed, the same in every world and under every reply.
import { Random } from '../base/random.js'
import { DayProfile } from './dayProfile.js'
import type { Stretch } from '../base/time.js'
import type { ClientClass } from './scenario.js'

/** The due instants of one member. */
export interface Arrivals {
  /** The next due instant in scenario seconds, ascending, below the run's duration; Infinity once none is left. */
  next(): number
}

/** Whose arrivals are wanted. Members are numbered from 0. */
export interface ArrivalsOptions {
  readonly seed: number
  readonly clientClass: ClientClass
  readonly member: number
  readonly stretches: readonly Stretch[]
  readonly durationSec: number
  /** The date of scenario second 0, seconds since 1970: what hour it is for classes with a profile of the day. Default: midnight. */
  readonly startsAtEpochSec?: number
}

/**
 * How many members of a class are active in a stretch with this share of the traffic (0 … 1): the share rounded, but
 * never fewer than one, so that no class vanishes from a time-lapse.
 */
export const activeMembers = (clientClass: Pick<ClientClass, 'members'>, share: number): number =>
  Math.min(clientClass.members, Math.max(1, Math.round(share * clientClass.members)))

// Ranks of all members are one shuffle; kept per class so that asking for each member does not shuffle again.
const ranksOfClass = new WeakMap<ClientClass, { readonly seed: number; readonly ranks: Uint32Array }>()

/**
 * The place of each member in the order in which members become active as the share grows. One order for the
 * whole run, so that shares nest: who is active at 2 % is active at 10 % too.
 */
const memberRanks = (seed: number, clientClass: ClientClass): Uint32Array => {
  const known = ranksOfClass.get(clientClass)
  if (known !== undefined && known.seed === seed) return known.ranks
  const random = new Random(seed, 'ranks', clientClass.name)
  const ranks = Uint32Array.from({ length: clientClass.members }, (_, member) => member)
  // Fisher and Yates: every order equally likely.
  for (let last = ranks.length - 1; last > 0; last--) {
    const other = random.int(last + 1)
    const held = ranks[last] ?? 0
    ranks[last] = ranks[other] ?? 0
    ranks[other] = held
  }
  ranksOfClass.set(clientClass, { seed, ranks })
  return ranks
}

/** The rank of one member (from 0): it is active where `activeMembers(class, share)` is above its rank. */
export const memberRank = (options: {
  readonly seed: number
  readonly clientClass: ClientClass
  readonly member: number
}): number => memberRanks(options.seed, options.clientClass)[options.member] ?? 0

/**
 * The instants of one member.
 *
 * poisson: gaps are exponential with mean `everySec`, and so is the wait for the first arrival: the process is
 * memoryless, so a run that starts in its middle sees it no differently. constant: a phase uniform in [0, everySec),
 * then exactly every `everySec`; multiplied out rather than added up, so that no rounding error grows.
 *
 * With a profile of the day these instants are those of an even day, and each is moved to where as much of the day's traffic has
 * passed: the same calls, closer together in busy hours.
 *
 * Members that join do so at an instant uniform over `joinsWithinSec`: with poisson their process begins there, with constant
 * their first call is there.
 */
class MemberArrivals implements Arrivals {
  private readonly random: Random
  private readonly poisson: boolean
  private readonly everySec: number
  private readonly durationSec: number
  private readonly stretches: readonly Stretch[]
  /** Whether the member is active, stretch by stretch. */
  private readonly activeIn: readonly boolean[]
  private readonly phase: number
  private readonly profile: DayProfile | null
  private stretch = 0
  private count = 0
  private atSec = 0

  constructor({ seed, clientClass, member, stretches, durationSec, startsAtEpochSec = 0 }: ArrivalsOptions) {
    const { byHour = null } = clientClass
    this.profile = byHour === null ? null : new DayProfile(byHour, startsAtEpochSec)
    this.random = new Random(seed, 'arrivals', clientClass.name, member)
    this.poisson = clientClass.arrivals === 'poisson'
    this.everySec = clientClass.everySec
    this.durationSec = durationSec
    this.stretches = stretches
    const rank = memberRank({ seed, clientClass, member })
    this.activeIn = stretches.map((stretch) => rank < activeMembers(clientClass, stretch.traffic))
    const { joinsWithinSec } = clientClass
    const joinsAtSec = joinsWithinSec === null ? 0 : this.random.unit() * joinsWithinSec
    this.atSec = joinsAtSec
    this.phase =
      joinsWithinSec === null ? (this.poisson ? 0 : this.random.unit()) : joinsAtSec / this.everySec
  }

  next(): number {
    for (;;) {
      const evenSec = this.instant()
      const atSec = this.profile === null ? evenSec : this.profile.scenarioSec(evenSec)
      if (!(atSec < this.durationSec)) return Infinity
      // The last stretch holds for ever, as in the map of times.
      while (
        this.stretch + 1 < this.stretches.length &&
        atSec >= (this.stretches[this.stretch]?.untilSec ?? Infinity)
      )
        this.stretch++
      if (this.activeIn[this.stretch] ?? true) return atSec
    }
  }

  /** The next instant, whether the member is active or not. */
  private instant(): number {
    if (!this.poisson) return (this.phase + this.count++) * this.everySec
    return (this.atSec += this.random.exponential(this.everySec))
  }
}

/**
 * The stream of one member's due instants.
 *
 * Where only a share of the traffic is wanted, the arrivals of members that are not active are drawn all the
 * same and left out. So stretches of full traffic have the very arrivals of a run that has no shares at all.
 */
export const createArrivals = (options: ArrivalsOptions): Arrivals => new MemberArrivals(options)
