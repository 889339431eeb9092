// Draws how long a request keeps a worker of a measured Keystone busy.
// Both worlds draw from it: the simulated one charges the time, the local one keeps a worker for it.
import { Random } from '../../base/random.js'
import {
  aloneMeanMs,
  busyMeanMs,
  hashMs,
  rowFor,
  type CacheState,
  type CostProfile,
  type CostRow,
} from '../../scenario/costs/profile.js'
import type { IdentitySettings, PasswordHash } from '../../scenario/scenario.js'
import { issues, type ProviderMode } from '../../token/mode.js'
import { tokenFormat, type TokenFormat } from '../../token/uuid.js'
import { hashUs } from './hashes.js'
import { revocationUs } from './revocations.js'

/** What is known of a request when its time is drawn. */
export interface Served {
  readonly op: 'issue' | 'validate'
  /** The kind of token that was issued or asked about. */
  readonly provider: TokenFormat
  readonly status: number
  /** Whether a token that it needed was not in the cache. */
  readonly missed: boolean
  /** Whether that was a token by a trust. */
  readonly missedTrust: boolean
  /** Checks of a password. */
  readonly passwords: number
  /** Requests in this backend when a worker took it, itself included. */
  readonly inSystem: number
  /** Rows of `revocation_event`. */
  readonly events: number
}

/** How long requests keep a worker busy. */
export interface WorkerTimes {
  /** The time for one request, milliseconds. */
  drawMs(served: Served): number
}

/** The cost profile of a scenario; null: costs are native or stated. */
export const profileOf = ({ costs }: Pick<IdentitySettings, 'costs'>): CostProfile | null =>
  costs !== 'native' && 'format' in costs ? costs : null

/** How servers really hash: not at all where costs say what a hash or an issue takes, as it would cost that twice. */
export const realHash = ({
  costs,
  passwordHash,
}: Pick<IdentitySettings, 'costs' | 'passwordHash'>): PasswordHash =>
  costs === 'native' ? passwordHash : { scheme: 'plain', rounds: 1 }

/** The kind of token that a request is about: in dual mode its own, else that of the provider, which then reads no other. */
export const providerOf = (mode: ProviderMode, subject: string | null): TokenFormat => {
  if (subject === null || mode === 'uuid' || mode === 'fernet') return issues(mode)
  const format = tokenFormat(subject)
  return format === 'unknown' ? issues(mode) : format
}

/** The part of a row's time that a request takes which is refused. */
const partOf = ({ refused }: CostRow, status: number): number => {
  if (refused === undefined || (status >= 200 && status < 300)) return 1
  return status === 401 ? refused.unauthorized : refused.notFound
}

export class ServiceTimes implements WorkerTimes {
  private readonly profile: CostProfile
  private readonly identity: IdentitySettings
  private readonly random: Random
  private readonly hashMs: number
  /** Measured workers for each of ours: more of ours are taken to have as many more processors. */
  private readonly scale: number

  /** @param node the backend, from 1: each has a stream of its own */
  constructor(options: {
    readonly profile: CostProfile
    readonly identity: IdentitySettings
    readonly seed: number
    readonly node: number
  }) {
    const { profile, identity, seed, node } = options
    this.profile = profile
    this.identity = identity
    this.random = new Random(seed, 'service times', node)
    const { scheme, rounds } = identity.passwordHash
    this.hashMs = hashMs(profile, identity.passwordHash) ?? hashUs[scheme](rounds) / 1000
    this.scale = profile.workers / identity.processes
  }

  /**
   * The time that a worker is busy with a request, milliseconds: drawn from a lognormal distribution, with the row's spread around its mean
   * at this load.
   */
  drawMs(served: Served): number {
    const { profile, identity } = this
    const { op, provider, missed, status } = served
    const cache: CacheState =
      identity.cache.backend === 'none' ? 'none' : missed && op === 'validate' ? 'miss' : 'hit'
    const row = rowFor(profile, { provider, cache, op })
    if (row === null) return 0
    const { spread } = row.alone
    const load = served.inSystem * this.scale
    const baseMs = load <= 1 ? aloneMeanMs(row) : busyMeanMs(row, profile.workers, load)
    const meanMs = partOf(row, status) * baseMs + served.passwords * this.hashMs
    const factor = Math.exp(spread * this.random.normal() - (spread * spread) / 2)
    const eventsMs = op === 'validate' ? revocationUs(identity.release, served.events) / 1000 : 0
    return meanMs * factor + eventsMs
  }
}
