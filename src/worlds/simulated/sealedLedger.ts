// Fernet without the cipher: tokens are sealed by writing down who sealed them and what they say.
// In a simulation enciphering is a cost to be modelled, not work to be done; who can open what is the same.
import type { Claims } from '../../token/claims.js'
import type { FernetKey } from '../../token/fernet.js'
import { openingOrder, primaryIndex, type KeyRing } from '../../token/keyring.js'
import { payloadVersion } from '../../token/payload.js'
import {
  createSealer,
  opensWith,
  type OpenedToken,
  type OpenProblem,
  type Sealer,
} from '../../token/sealer.js'
import { TokenError } from '../../token/tokenError.js'

/** Tokens that are remembered; when there are more, the oldest are forgotten. Some 300 bytes each. */
const tokensMax = 1_000_000

/** A project's token without `=` has 183 characters; the first six are what every Fernet token begins with. */
const shape = `gAAAAA${'A'.repeat(177)}`

/** A token as the ledger knows it. */
export interface Sealed {
  readonly claims: Claims
  /** The fingerprint of the key that sealed it. */
  readonly keyId: string
  /** In which age of the cloud it was last found good (see `RememberedAnswers`); −1: in none. */
  goodAge: number
}

/**
 * All tokens sealed in one simulated world. A ring opens a token exactly if it holds the key that sealed it, as with real
 * Fernet; what the ledger does not know is given to the real cipher.
 */
export class SealedLedger {
  private readonly sealed = new Map<string, Sealed>()
  private readonly sealers = new WeakMap<KeyRing, Sealer>()
  private count = 0
  private readonly text = Buffer.from(shape)

  /** In place of `createSealer` of `token/`; nodes that hold one and the same ring get one and the same sealer. */
  readonly createSealer: typeof createSealer = (input) => {
    const known = this.sealers.get(input.ring)
    if (known !== undefined) return known
    const sealer = this.makeSealer(input)
    this.sealers.set(input.ring, sealer)
    return sealer
  }

  /** In place of `opensWith` of `token/`. */
  readonly opensWith = (token: string, keys: readonly FernetKey[]): boolean => {
    const known = this.sealed.get(token)
    return known === undefined ? opensWith(token, keys) !== null : keys.some(({ id }) => id === known.keyId)
  }

  /** What is known of a token; null for one that was sealed elsewhere. */
  find(token: string): Sealed | null {
    return this.sealed.get(token) ?? null
  }

  /** The fingerprint of the key that sealed a token; null for one that was sealed elsewhere. */
  keyOf(token: string): string | null {
    return this.sealed.get(token)?.keyId ?? null
  }

  private makeSealer({ ring, payloadOptions }: Parameters<typeof createSealer>[0]): Sealer {
    const real = createSealer({ ring, payloadOptions })
    const indexOfKey = new Map(openingOrder(ring).map(({ id, index }) => [id, index]))
    return {
      receiptKeys: real.receiptKeys,
      issue: (claims) => this.seal(claims, ring),
      open: (token) => {
        const known = this.sealed.get(token)
        return known === undefined ? real.open(token) : this.unseal(known, indexOfKey.get(known.keyId))
      },
    }
  }

  private seal(claims: Claims, ring: KeyRing): string {
    const key = ring.keys.get(primaryIndex(ring))
    if (key === undefined) throw new TokenError('no-keys', 'the key ring is empty')
    const token = this.nextText()
    // As in a real token, the issue time is kept in whole seconds.
    const issuedAtSec = Math.floor(claims.issuedAtSec)
    this.sealed.set(token, {
      claims: issuedAtSec === claims.issuedAtSec ? claims : { ...claims, issuedAtSec },
      keyId: key.id,
      goodAge: -1,
    })
    if (this.sealed.size > tokensMax) {
      for (const oldest of this.sealed.keys()) {
        this.sealed.delete(oldest)
        break
      }
    }
    return token
  }

  /** The text of the next token: its last characters count. Written in one piece, so it is one flat string. */
  private nextText(): string {
    const { text } = this
    for (let at = text.length - 1, rest = ++this.count; rest > 0; at--, rest >>>= 4)
      text[at] = 0x61 + (rest & 15)
    return text.toString('latin1')
  }

  private unseal({ claims, keyId }: Sealed, keyIndex: number | undefined): OpenedToken | OpenProblem {
    if (keyIndex === undefined) return { problem: 'undecryptable', detail: 'no key of the ring sealed it' }
    return {
      claims,
      keyIndex,
      keyId,
      payloadVersion: payloadVersion(claims),
      timestampSec: claims.issuedAtSec,
      payload: { methodMask: 0, family: 'raw', layout: 'tuple' },
    }
  }
}
