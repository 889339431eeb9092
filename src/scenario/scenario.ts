// A scenario as the rest of the program knows it: checked, complete, in seconds and plain numbers.
// The YAML that a person writes is turned into this by `parse.ts`; nothing after that sees YAML.
import type { Stretch } from '../base/time.js'
import type { ProviderMode } from '../token/mode.js'
import type { CostProfile } from './costs/profile.js'
import type { ExternalSettings } from './external.js'

export type Release = 'mitaka' | 'newton' | 'ocata' | 'queens' | 'zed'

/** The behaviours that a class of clients can have; one state machine each in `clients/`. */
export type BehaviourName =
  | 'password-session'
  | 'saved-token-script'
  | 'one-shot'
  | 'heat-mitaka'
  | 'heat-newton'
  | 'magnum'
  | 'magnum-vm'
  | 'horizon'
  | 'forwarded-token'
  | 'long-operation'
  | 'glance-upload'
  | 'ldap-session'
  | 'federated-session'
  | 'two-factor-user'
  | 'direct-validator'
  | 'monitoring-probe'

export type ArrivalKind = 'poisson' | 'constant'

/** A class of clients: so many members, each calling once in `everySec` on average. */
export interface ClientClass {
  readonly name: string
  readonly behaviour: BehaviourName
  readonly members: number
  /** Mean seconds between two calls of one member. */
  readonly everySec: number
  readonly arrivals: ArrivalKind
  /** The services that its calls go to; empty: it validates its own token at Keystone directly. */
  readonly through: readonly string[]
  /** Members begin at instants uniform over these seconds from the start; null: they have been at it for long. */
  readonly joinsWithinSec: number | null
  /** How busy each hour of the day is, from midnight UTC on; absent: all alike. */
  readonly byHour?: readonly number[]
  /** How long an operation lasts, for those that do. */
  readonly lastsSec: number
  /** How long it takes a person who was thrown out to log in again. */
  readonly loginAfterSec: number
  /** Classes whose tokens a `direct-validator` looks at. */
  readonly subjects: readonly string[]
}

/** How the services' auth_token middleware is set up. */
export interface MiddlewareSettings {
  /** `token_cache_time` in seconds; 0 for no cache. */
  readonly tokenCacheSec: number
  /** Whether refused tokens are remembered too (keystonemiddleware before 10.2). */
  readonly negativeCache: boolean
  /** Whether a service asks for a new token when Keystone refuses its own; not before Kilo (2015). */
  readonly renewsOwnToken: boolean
  /** `shared`: the workers of a service share a memcached; `process`: each worker has its own. */
  readonly cache: 'shared' | 'process'
  /** Worker processes of each service, each with its own session at Keystone. */
  readonly workers: number
  /** Requests that a worker handles at a time; null: any number. */
  readonly threads: number | null
  /** `http_request_max_retries`: how often a question that got no connection is asked again. */
  readonly connectRetries: number
  /** Whether services send a token of their own along with a user's that they hand on. */
  readonly serviceTokens: boolean
  /** Whether a service answers 401, not 503, when Keystone cannot be asked. */
  readonly delayAuthDecision: boolean
  /** Services that are a RADOS Gateway instead of one behind auth_token. */
  readonly radosGateways: readonly string[]
  /** Whether caches and sessions are as in a cloud that has been running, or empty, when the run starts. */
  readonly atStart: 'filled' | 'empty'
}

/**
 * How a backend that is stopped and started looks from outside, phase after phase. `resets`: connections are taken and broken;
 * `refused`: nobody listens; `hangs`: the socket is open, but nobody answers before the workers are loaded.
 */
export interface Outage {
  readonly resetsSec: number
  readonly refusedSec: number
  readonly hangsSec: number
}

/** Where Keystone caches tokens: nowhere beyond a request, in each backend's process, or in a memcached for all. */
export type CacheBackend = 'none' | 'process' | 'memcached'

export type PasswordScheme = 'bcrypt' | 'scrypt' | 'pbkdf2_sha512' | 'sha512_crypt' | 'plain'

/** `rounds` in Keystone's sense: for bcrypt and scrypt the binary logarithm of the work, else iterations. */
export interface PasswordHash {
  readonly scheme: PasswordScheme
  readonly rounds: number
}

/** Busy time of a process for one request, microseconds, as measured on a Keystone. */
export interface StatedCosts {
  readonly validateUs: number
  /** A validation of a token that Keystone's own cache does not have; absent: as any other. */
  readonly uncached?: {
    readonly uuidUs: number
    readonly fernetUs: number
    readonly uuidTrustUs: number
    readonly fernetTrustUs: number
  }
  /** A validation whose subject is no good. */
  readonly notFoundUs: number
  /** A validation whose caller's own token is no good. */
  readonly unauthorizedUs: number
  readonly issueUs: number
  /** Standard deviation of these times over their mean; absent: each is as long as the mean. */
  readonly variation?: number
}

/** Who spreads requests over the backends, and how it learns which of them are in service. */
export interface BalancerSettings {
  readonly kind: 'client' | 'haproxy'
  readonly algorithm: 'roundrobin' | 'leastconn'
  /** Null: every backend is taken to be in service always. */
  readonly checks: { readonly intervalSec: number; readonly rise: number; readonly fall: number } | null
}

export interface IdentitySettings {
  readonly release: Release
  /** The provider when the run starts. */
  readonly provider: ProviderMode
  readonly backends: number
  /** Processes of a backend, each of which handles one request at a time. */
  readonly processes: number
  readonly balancer: BalancerSettings
  /** Validity of a token in seconds. */
  readonly expirationSec: number
  /** `token_flush` at offsetSec, offsetSec + everySec, …; null: never. */
  readonly flush: { readonly everySec: number; readonly offsetSec: number } | null
  /** rotationSec null: no rotation by the clock. Rotated keys reach the backends distributeAfterSec later. */
  readonly keys: {
    readonly rotationSec: number | null
    readonly maxActiveKeys: number
    readonly distributeAfterSec: number
  }
  /** `[token] cache_time` and `cache_on_issue`; onIssue null: as the release has it. */
  readonly cache: {
    readonly backend: CacheBackend
    readonly timeSec: number
    readonly onIssue: boolean | null
  }
  readonly passwordHash: PasswordHash
  /** What a request costs: as our own servers, as was stated, or as a Keystone that was measured. */
  readonly costs: 'native' | StatedCosts | CostProfile
}

/** Which backends a step is for: all of them, or some, numbered from 1. */
export type NodeSet = 'all' | readonly number[]

export type FaultKind =
  | 'keys-withheld'
  | 'keys-rotated-twice'
  | 'keys-rotated-early'
  | 'keys-wrong-mode'
  | 'keys-wrong-owner'
  | 'staged-key-lost'
  | 'rotation-crash'
  | 'clock-skew'
  | 'backend-killed'
  | 'backend-hung'
  | 'backend-restarted'
  | 'database-slow'
  | 'database-stopped'
  | 'database-hung'
  | 'database-read-only'
  | 'database-full'
  | 'memcached-flushed'
  | 'memcached-gone'

/** The keys of a fault in a scenario file, beside `kind`. */
export type FaultOption = 'nodes' | 'for' | 'skew' | 'after_step' | 'times' | 'latency'

/** A fault that is brought about on purpose; which of the optional parts it has follows from its kind (`faults.ts`). */
export interface Fault {
  /** Its place among the faults of the timeline, from 1: what joins its beginning and its end. */
  readonly id: number
  readonly kind: FaultKind
  readonly nodes: NodeSet | null
  /** How long it lasts; null: it has no end, or none within the run. */
  readonly forSec: number | null
  /** How far the clock is ahead; negative: behind. */
  readonly skewSec?: number
  readonly afterStep?: number
  readonly times?: number
  readonly latencySec?: number
}

/** Where a scenario is to be run: what can be played there is checked before anything starts. */
export interface Place {
  readonly world: 'local' | 'simulated' | 'external'
  readonly store: 'sqlite' | 'mariadb' | 'mysql' | 'memory'
  /** Whether this program runs as root. */
  readonly superuser: boolean
}

/** What a step of the timeline does. */
export type StepAction =
  | {
      readonly kind: 'cutover'
      readonly to: ProviderMode
      readonly nodes: NodeSet
      readonly rollingGapSec: number | null
      /** Null: the backend goes on answering and nothing is cut off. */
      readonly outage: Outage | null
    }
  | { readonly kind: 'restart'; readonly target: string }
  | { readonly kind: 'keys.rotate' }
  | { readonly kind: 'keys.distribute'; readonly nodes: NodeSet }
  /** `everything`: all rows go, not only those that have expired. */
  | { readonly kind: 'flush'; readonly everything?: true }
  /** The validity of the tokens that are issued from then on, on every backend. */
  | { readonly kind: 'expiration'; readonly expirationSec: number }
  /** `repair` is the end of a fault: what it did is undone. */
  | { readonly kind: 'fault' | 'repair'; readonly fault: Fault }

/** What a step waits for, and for how long that must have been so. `position`: that of the step that it follows. */
export type StepCondition =
  | { readonly after: 'no-uuid-token' | 'last-uuid-expired'; readonly forSec: number }
  | { readonly after: 'operator' }
  | { readonly after: 'previous-step'; readonly forSec: number; readonly position: number }

export interface TimelineStep {
  /** When it is due. Of a step that waits for what is measured: when it is done at the latest. */
  readonly atSec: number
  readonly action: StepAction
  /** Absent: it waits for nothing but its time. */
  readonly waitsFor?: StepCondition
  /** Its place among the written steps, from 0, where another step waits for its end. */
  readonly position?: number
  /** `scenario`: written by the user; `clock`: follows from a period (hourly flush, rotation). */
  readonly origin: 'scenario' | 'clock'
}

export interface Scenario {
  readonly name: string
  readonly description: string
  readonly seed: number
  /** The date that scenario second 0 has, seconds since 1970. */
  readonly startsAtEpochSec: number
  readonly durationSec: number
  readonly cloud: {
    readonly users: number
    readonly projects: number
    readonly services: readonly string[]
    readonly region: string
    /** Public host name in the catalog's URLs. */
    readonly host: string
  }
  readonly identity: IdentitySettings
  readonly middleware: MiddlewareSettings
  /** Live tokens in the table (or, under Fernet, outstanding) when the run starts. */
  readonly tokens: {
    /** Rows of `revocation_event`; none of them hits a token of the run. */
    readonly revocationEvents: number
    readonly live: number
    /** They were issued evenly over these seconds before the start. */
    readonly issuedWithinSec: number
  }
  readonly clients: readonly ClientClass[]
  /** Sorted by time; periodic steps included. */
  readonly timeline: readonly TimelineStep[]
  readonly clock: readonly Stretch[]
  readonly limits: { readonly latenessP99Ms: number; readonly requestTimeoutMs: number }
  readonly external: ExternalSettings
  readonly gates: readonly string[]
}
