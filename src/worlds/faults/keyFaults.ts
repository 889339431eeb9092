// What goes wrong with keys: they do not arrive, arrive too late or too often, cannot be read, or a rotation stops half-way.
// It also does the ordinary distribution, since that is what a fault keeps from some backends.
import type { Fault } from '../../scenario/scenario.js'
import type { KeyHands, Nodes } from './hands.js'

/** The faults that are about keys. */
export type KeyFaultKind = Extract<Fault['kind'], `key${string}` | 'staged-key-lost' | 'rotation-crash'>

export class KeyFaults {
  private readonly hands: KeyHands
  private readonly all: Nodes
  /** By fault: the backends that distributions do not reach while it lasts. */
  private readonly cutOff = new Map<number, Nodes>()

  constructor(hands: KeyHands, nodes: number) {
    this.hands = hands
    this.all = Array.from({ length: nodes }, (_, i) => i + 1)
  }

  /** Copies the keys to backends, as far as distributions reach them. Returns what there is to say. */
  distribute(nodes: Nodes): string {
    const reached = nodes.filter((node) => !this.isCutOff(node))
    this.hands.copyTo(reached)
    const missed = nodes.filter((node) => !reached.includes(node))
    return missed.length === 0 ? '' : `not to ${missed.map((node) => `node ${node}`).join(', ')}`
  }

  begin(fault: Fault & { readonly kind: KeyFaultKind }): string {
    const nodes = this.nodesOf(fault)
    switch (fault.kind) {
      case 'keys-withheld':
        this.cutOff.set(fault.id, nodes)
        return ''
      case 'keys-rotated-twice': {
        this.hands.rotate()
        const note = this.hands.rotate()
        this.distribute(nodes)
        this.cutOff.set(
          fault.id,
          this.all.filter((node) => !nodes.includes(node)),
        )
        return note
      }
      case 'keys-rotated-early': {
        let note = ''
        for (let i = 0; i < (fault.times ?? 1); i++) {
          note = this.hands.rotate()
          this.distribute(this.all)
        }
        return note
      }
      case 'keys-wrong-mode':
      case 'keys-wrong-owner':
        this.hands.spoil(nodes, fault.kind === 'keys-wrong-mode' ? 'mode' : 'owner')
        this.cutOff.set(fault.id, nodes)
        return ''
      case 'staged-key-lost':
        this.hands.loseStaged(fault.nodes === null ? null : nodes)
        return ''
      case 'rotation-crash':
        return this.hands.rotate(fault.afterStep ?? 1)
    }
  }

  /** Undoes what `begin` did, and sees to it that the backends concerned have the keys that they should have. */
  end(fault: Fault & { readonly kind: KeyFaultKind }): string {
    const cutOff = this.cutOff.get(fault.id) ?? []
    this.cutOff.delete(fault.id)
    switch (fault.kind) {
      case 'keys-withheld':
      case 'keys-rotated-twice':
        return this.distribute(cutOff)
      case 'keys-wrong-mode':
      case 'keys-wrong-owner':
        this.hands.mend(cutOff)
        return this.distribute(cutOff)
      case 'staged-key-lost':
        if (fault.nodes !== null) return this.distribute(this.nodesOf(fault))
        this.hands.stage()
        return ''
      case 'rotation-crash':
        this.hands.stage()
        return ''
      case 'keys-rotated-early':
        return ''
    }
  }

  private isCutOff(node: number): boolean {
    for (const nodes of this.cutOff.values()) if (nodes.includes(node)) return true
    return false
  }

  private nodesOf({ nodes }: Fault): Nodes {
    return nodes === null || nodes === 'all' ? this.all : nodes
  }
}
