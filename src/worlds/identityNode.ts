// One Keystone backend without its wire: its provider mode, its keys, and the keys that it once had.
// The local world's server processes and the simulated world's nodes are both made of it, so they cannot differ.
import { createDerived, identityConfig, type Context, type IdentityConfig } from '../identity/context.js'
import type { Derived } from '../identity/derived.js'
import { releaseProfiles } from '../identity/release.js'
import type { Store } from '../identity/store.js'
import type { Scenario } from '../scenario/scenario.js'
import type { FernetKey } from '../token/fernet.js'
import { sameKey, type KeyRing } from '../token/keyring.js'
import type { ProviderMode } from '../token/mode.js'
import { createSealer, opensWith, type Sealer } from '../token/sealer.js'

export interface IdentityNodeOptions {
  readonly store: Store
  readonly identity: Pick<Scenario['identity'], 'release' | 'provider' | 'expirationSec' | 'cache'>
  /** The node's ring as it is now; null: the repository is gone. The same object while nothing has changed. */
  readonly ring: () => KeyRing | null
  readonly makeSealer?: typeof createSealer
  /** Whether any of some keys opens a token; as the sealer, the cipher itself by default. */
  readonly opens?: (token: string, keys: readonly FernetKey[]) => boolean
  readonly random: (count: number) => Uint8Array
  readonly requestId: () => string
  readonly publicUrl: string
  /** `[token] allow_expired_window`, if it is not the release's own. */
  readonly allowExpiredWindowSec?: number
  /** Whether revocation events are got for each request, as releases do that read them all; costs time. */
  readonly asksRevocations?: boolean
  /** What follows from the store's facts; nodes over one store object may share it. */
  readonly derived?: Derived
}

/** Keys that were rotated away and are remembered, to say why a token cannot be read. */
const retiredMax = 64

export class IdentityNode {
  mode: ProviderMode
  config: IdentityConfig
  private readonly options: IdentityNodeOptions
  private readonly derived: Derived
  private readonly makeSealer: typeof createSealer
  private ring: KeyRing | null = null
  private sealer: Sealer | null = null
  private retired: FernetKey[] = []
  private readonly wasOurs = (token: string): boolean =>
    this.options.opens?.(token, this.retired) ?? opensWith(token, this.retired) !== null

  constructor(options: IdentityNodeOptions) {
    this.options = options
    this.mode = options.identity.provider
    const { backend, timeSec, onIssue } = options.identity.cache
    const profile = releaseProfiles[options.identity.release]
    this.config = identityConfig({
      profile,
      expirationSec: options.identity.expirationSec,
      publicUrl: options.publicUrl,
      ...(options.allowExpiredWindowSec === undefined
        ? {}
        : { allowExpiredWindowSec: options.allowExpiredWindowSec }),
      cache: backend === 'none' ? null : { timeSec, onIssue: onIssue ?? profile.cache.onIssue ?? false },
      asksRevocations: options.asksRevocations ?? false,
    })
    this.derived = options.derived ?? createDerived(options.store, this.config.profile)
    this.makeSealer = options.makeSealer ?? createSealer
  }

  /** From now on tokens are issued for so long; those that exist keep their end. */
  setExpiration(expirationSec: number): void {
    this.config = { ...this.config, expirationSec }
  }

  /** How many revocation events there are. */
  get revocationEvents(): number {
    return this.derived.revocations.size
  }

  /** What one request is handled with. */
  context(nowSec: number): Context {
    const ring = this.options.ring()
    if (ring !== this.ring) this.changeRing(ring)
    return {
      nowSec,
      requestId: this.options.requestId(),
      random: this.options.random,
      mode: this.mode,
      sealer: this.sealer,
      wasOurs: this.wasOurs,
      facts: this.options.store,
      derived: this.derived,
      config: this.config,
    }
  }

  private changeRing(ring: KeyRing | null): void {
    const now = ring === null ? [] : [...ring.keys.values()]
    for (const key of this.ring?.keys.values() ?? []) {
      if (!now.some((other) => sameKey(key, other))) this.retired.push(key)
    }
    this.retired = this.retired.slice(-retiredMax)
    this.ring = ring
    this.sealer =
      ring === null ? null : this.makeSealer({ ring, payloadOptions: this.config.profile.payload })
  }
}
