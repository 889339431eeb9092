// What a request is handled with: the time, randomness, the node's provider, the cloud's facts, the settings.
// It exists so that identity logic has no ambient state: two nodes, or two instants, are two contexts.
import type { ProviderMode } from '../token/mode.js'
import type { Sealer } from '../token/sealer.js'
import { Derived } from './derived.js'
import type { Facts } from './derived.js'
import type { ReleaseProfile } from './release.js'
import type { CacheSettings } from './tokenCache.js'

export interface IdentityConfig {
  readonly profile: ReleaseProfile
  /** `[token] expiration`, seconds. */
  readonly expirationSec: number
  /** `[token] allow_expired_window`, seconds; the release's own if it has one. */
  readonly allowExpiredWindowSec: number
  /** Where clients reach the API, without `/v3` and without a slash at the end. */
  readonly publicUrl: string
  /** Names of the roles that may do everything. */
  readonly adminRoles: readonly string[]
  /** Names of the roles that may validate others' tokens. */
  readonly serviceRoles: readonly string[]
  /** `[trust] max_redelegation_count`. */
  readonly redelegationMax: number
  /** `[identity] default_domain_id`. */
  readonly defaultDomainId: string
  /** `[auth] methods`: the names of the methods that are on. */
  readonly methods: readonly string[]
  /** Whether a login that does not meet its user's rules is given a receipt; the release profile's unless given. */
  readonly receipts: boolean
  /** `[totp] included_previous_windows`: 1 is the default since Train; releases before that accept none. */
  readonly totpPreviousWindows: number
  /** Keystone's own caching of tokens; null: none beyond the request. */
  readonly cache: CacheSettings | null
  /** Whether this node is to get the revocation events for each request, instead of knowing them. */
  readonly asksRevocations: boolean
}

/** A configuration from what differs between clouds; the rest are Keystone's defaults. */
export const identityConfig = (
  given: Pick<IdentityConfig, 'profile' | 'expirationSec' | 'publicUrl'> & Partial<IdentityConfig>,
): IdentityConfig => ({
  allowExpiredWindowSec: given.profile.allowExpiredWindowSec,
  adminRoles: ['admin'],
  serviceRoles: ['service'],
  redelegationMax: 3,
  defaultDomainId: 'default',
  methods: given.profile.payload.methodOrder,
  receipts: given.profile.receipts,
  totpPreviousWindows: 1,
  cache: null,
  asksRevocations: false,
  ...given,
})

/**
 * One request's surroundings. All but the first three are a node's and live longer; only `mode`, `sealer` and
 * `wasOurs` change over its life (cutover, rotation, distribution).
 */
export interface Context {
  /** Seconds since 1970, with a fraction. */
  readonly nowSec: number
  /** Sent back as `x-openstack-request-id`: `req-` and a UUID. */
  readonly requestId: string
  /** So many random bytes, in an array of their own. */
  random(count: number): Uint8Array
  readonly mode: ProviderMode
  /** Null: the key repository is missing, so whatever needs a key answers 500. */
  readonly sealer: Sealer | null
  /** Whether a key that this node once had opens a token: it was rotated away, rather than never distributed. */
  wasOurs(token: string): boolean
  readonly facts: Facts
  readonly derived: Derived
  readonly config: IdentityConfig
}

/** The cache of what follows from a store's facts; one for each process and store. */
export const createDerived = (facts: Facts, profile: ReleaseProfile): Derived => new Derived(facts, profile)

export type { Facts } from './derived.js'
