// Faults as what is done and undone: the one place where a kind becomes deeds, for every world alike.
// Kinds that need more than a deed or two have a file of their own beside this one.
import type { MaybePromise } from '../../identity/store.js'
import type { Fault } from '../../scenario/scenario.js'
import type { BackendHands, DatabaseHands, Hands, Nodes } from './hands.js'
import { KeyFaults, type KeyFaultKind } from './keyFaults.js'

type Deed = (fault: Fault, hands: Hands, nodes: Nodes) => MaybePromise<void>

const toBackends =
  (deed: Exclude<keyof BackendHands, 'skew'>): Deed =>
  (_, { backends }, nodes) =>
    backends[deed](nodes)

const toDatabase =
  (deed: Exclude<keyof DatabaseHands, 'slow' | 'readOnly' | 'full'>): Deed =>
  (_, { database }) =>
    database[deed]()

const nothing: Deed = () => {}

/** What is done when a fault begins and when it ends. */
const deeds: Readonly<Record<Exclude<Fault['kind'], KeyFaultKind>, readonly [begin: Deed, end: Deed]>> = {
  'clock-skew': [
    ({ skewSec = 0 }, { backends }, nodes) => backends.skew(nodes, skewSec),
    (_, { backends }, nodes) => backends.skew(nodes, 0),
  ],
  'backend-killed': [toBackends('kill'), toBackends('start')],
  'backend-hung': [toBackends('hang'), toBackends('resume')],
  'backend-restarted': [
    (_, { backends }, nodes) => {
      const ended = backends.end(nodes)
      return ended instanceof Promise ? ended.then(() => backends.start(nodes)) : backends.start(nodes)
    },
    nothing,
  ],
  'database-slow': [
    ({ latencySec = 0 }, { database }) => database.slow(latencySec),
    (_, { database }) => database.slow(0),
  ],
  'database-stopped': [toDatabase('stop'), toDatabase('start')],
  'database-hung': [toDatabase('hang'), toDatabase('resume')],
  'database-read-only': [
    (_, { database }) => database.readOnly(true),
    (_, { database }) => database.readOnly(false),
  ],
  'memcached-flushed': [(_, { cache }) => cache.flush(), nothing],
  'memcached-gone': [(_, { cache }) => cache.stop(), (_, { cache }) => cache.start()],
  'database-full': [(_, { database }) => database.full(true), (_, { database }) => database.full(false)],
}

const isAboutKeys = (fault: Fault): fault is Fault & { readonly kind: KeyFaultKind } => !(fault.kind in deeds)

/** Brings faults about and undoes them. */
export class FaultPlay {
  private readonly hands: Hands
  private readonly keys: KeyFaults

  constructor(hands: Hands) {
    this.hands = hands
    this.keys = new KeyFaults(hands.keys, hands.nodes)
  }

  /** An ordinary distribution of keys: see `KeyFaults.distribute`. */
  distribute(nodes: Nodes): string {
    return this.keys.distribute(nodes)
  }

  /** Returns what there is to say about it; at once where the world's hands do. */
  begin(fault: Fault): MaybePromise<string> {
    return isAboutKeys(fault) ? this.keys.begin(fault) : this.doIt(fault, 0)
  }

  end(fault: Fault): MaybePromise<string> {
    return isAboutKeys(fault) ? this.keys.end(fault) : this.doIt(fault, 1)
  }

  private doIt(fault: Fault, which: 0 | 1): MaybePromise<string> {
    const pair = deeds[fault.kind as Exclude<Fault['kind'], KeyFaultKind>]
    const done = pair[which](fault, this.hands, this.nodesOf(fault))
    return done instanceof Promise ? done.then(() => '') : ''
  }

  private nodesOf({ nodes }: Fault): Nodes {
    return nodes === null || nodes === 'all'
      ? Array.from({ length: this.hands.nodes }, (_, i) => i + 1)
      : nodes
  }
}
