// Why was this token refused? What its holder and the operator can tell, without asking the server that refused it.
// The server says its own word; both must come to the same, and where they do not, one of them is wrong.
import { toSec, type Micros } from '../base/time.js'
import type { HeldToken } from '../clients/exchange.js'
import type { Cause, RefusalDetail } from '../measure/sample.js'
import type { Scenario, TimelineStep } from '../scenario/scenario.js'
import { accepts, type ProviderMode } from '../token/mode.js'
import type { Clock, Control, Evidence, StepResult } from './ports.js'

/** What the operator knows of a backend at some time. */
interface NodeView {
  readonly mode: ProviderMode
  /** Fingerprints of its keys; null: it cannot read them. */
  readonly keys: ReadonlySet<string> | null
  /** Fingerprints of all keys that it ever had. */
  readonly had: ReadonlySet<string>
  readonly aheadSec: number
}

/** A view and from when it held, in the time in which responses are measured. */
interface Era {
  readonly from: number
  readonly view: NodeView
}

/** Views of a node that are kept: an exchange may have begun some changes ago. */
const erasMax = 8

/** What a holder cannot see: a deletion, a disabled user, a cache of Keystone's. */
const beyondUs: readonly Cause[] = [
  'revoked',
  'trust-gone',
  'user-gone',
  'unknown-token',
  'stale-cache',
  'service-unavailable',
]

const changesNodes: readonly TimelineStep['action']['kind'][] = [
  'cutover',
  'keys.rotate',
  'keys.distribute',
  'fault',
  'repair',
]

export interface ForensicsOptions {
  readonly scenario: Scenario
  readonly clock: Clock
  readonly evidence: Evidence
}

export class Forensics {
  private readonly options: ForensicsOptions
  private readonly eras: Era[][]
  /** Steps that are being applied: what they change is between two views. */
  private changing = 0
  private readonly validities: { readonly fromSec: number; readonly sec: number }[]

  constructor(options: ForensicsOptions) {
    const { scenario, evidence } = options
    const { backends, provider, expirationSec } = scenario.identity
    this.options = options
    this.validities = [{ fromSec: -Infinity, sec: expirationSec }]
    this.eras = Array.from({ length: backends }, (_, i) => {
      const keys = setOf(evidence.keysOn(i + 1))
      return [{ from: -Infinity, view: { mode: provider, keys, had: keys ?? new Set(), aheadSec: 0 } }]
    })
  }

  /** A control that does what another does, and lets this know of it. */
  watch(control: Control): Control {
    return {
      table: (done) => control.table(done),
      lastExpiry: (done) => control.lastExpiry(done),
      apply: (step, node, done) => {
        const matters = changesNodes.includes(step.action.kind)
        if (matters) this.changing++
        control.apply(step, node, (result) => {
          if (matters) this.changing--
          this.applied(step, node, result)
          done(result)
        })
      },
    }
  }

  private applied(step: TimelineStep, node: number | null, { ok }: StepResult): void {
    const { action } = step
    if (action.kind === 'expiration') {
      this.validities.push({ fromSec: toSec(this.options.clock.now()), sec: action.expirationSec })
      return
    }
    if (!changesNodes.includes(action.kind)) return
    for (let number = 1; number <= this.eras.length; number++) {
      const switched = action.kind === 'cutover' && ok && (node === null || node === number)
      const mode = switched ? { mode: action.to } : {}
      const skew =
        (action.kind === 'fault' || action.kind === 'repair') &&
        action.fault.kind === 'clock-skew' &&
        (action.fault.nodes === 'all' || action.fault.nodes?.includes(number) === true)
          ? { aheadSec: action.kind === 'fault' ? (action.fault.skewSec ?? 0) : 0 }
          : {}
      this.look(number, { ...mode, ...skew })
    }
  }

  private look(number: number, change: Partial<Pick<NodeView, 'mode' | 'aheadSec'>>): void {
    const eras = this.eras[number - 1] as Era[]
    const { view } = eras.at(-1) as Era
    const keys = setOf(this.options.evidence.keysOn(number))
    const had = new Set([...view.had, ...(keys ?? [])])
    eras.push({ from: this.options.clock.measured(), view: { ...view, ...change, keys, had } })
    if (eras.length > erasMax) eras.shift()
  }

  /** What can be told of a refusal: of the token itself, and whether the server's word is what we would have said. */
  judge(token: HeldToken, node: number, said: Cause, sent: Micros, done: Micros): RefusalDetail {
    const own = this.describe(token, node)
    if (this.options.evidence.silent === true) return { ...own, inferred: said }
    const nowSec = toSec(this.options.clock.now())
    const eras = this.eras[node - 1]
    if (eras === undefined || this.changing > 0) return own
    // Whichever view held while the request was under way may be the one by which it was judged.
    const views = eras.filter(({ from }, i) => from <= done && (eras[i + 1]?.from ?? Infinity) >= sent)
    const tookSec = (done - sent) / 1e6
    const inferences = views.flatMap(({ view }) => infer(view, { keyId: own.keyId, token, nowSec, tookSec }))
    if (inferences.includes(said)) return { ...own, inferred: said, verdict: 'agrees' }
    const inferred = inferences[0] ?? null
    const open = beyondUs.includes(said) && (inferred === null || inferred === 'expired')
    return { ...own, inferred, verdict: open ? 'undecided' : 'disagrees' }
  }

  /** What is known of a token that was refused, without a word on why. */
  describe(token: HeldToken, node: number): RefusalDetail {
    const { clock, evidence } = this.options
    const keyId = token.format === 'fernet' ? evidence.sealedWith(token.id) : null
    const ageSec = toSec(clock.now()) - this.issuedAtSec(token)
    return { node, format: token.format, ageSec, keyId, inferred: null, verdict: 'undecided' }
  }

  /** From when a token is, by its end and the validity that was in force. */
  private issuedAtSec({ expiresAtSec }: HeldToken): number {
    const of = this.validities.findLast(({ fromSec, sec }) => expiresAtSec - sec >= fromSec)
    return expiresAtSec - (of?.sec ?? 0)
  }
}

const setOf = (keys: readonly string[] | null): ReadonlySet<string> | null =>
  keys === null ? null : new Set(keys)

interface Known {
  readonly token: HeldToken
  readonly keyId: string | null
  readonly nowSec: number
  /** How long the exchange took: the token may have ended meanwhile. */
  readonly tookSec: number
}

/** The causes for which a backend of which this is known may refuse a token; none if there is no reason to. */
const infer = (view: NodeView, { token, keyId, nowSec, tookSec }: Known): readonly Cause[] => {
  const { mode, keys, had, aheadSec } = view
  if (!accepts(mode, token.format))
    return [token.format === 'uuid' ? 'uuid-on-fernet-node' : 'fernet-on-uuid-node']
  if (token.format === 'fernet') {
    if (keys === null || keyId === null) return []
    if (!keys.has(keyId)) return [had.has(keyId) ? 'key-rotated-away' : 'key-not-distributed']
  }
  // A second for clocks that are told in seconds.
  const hasEnded = token.expiresAtSec <= nowSec + aheadSec + 1 + tookSec
  if (!hasEnded) return []
  return token.format === 'fernet' ? ['expired'] : ['expired', 'flushed', 'unknown-token']
}
