// The operator's hands in the simulated world: each step changes the model, at once.
// What a step means is that of the local world's control; how it is done is all that differs.
import type { Micros } from '../../base/time.js'
import { DefectError } from '../../base/errors.js'
import type { MemoryStore } from '../../identity/memoryStore.js'
import type { Control, StepResult } from '../../rehearsal/ports.js'
import type { Fault, NodeSet, Outage, Scenario, TimelineStep } from '../../scenario/scenario.js'
import type { ProviderMode } from '../../token/mode.js'
import type { Hands } from '../faults/hands.js'
import { FaultPlay } from '../faults/play.js'
import { flushOrder } from '../flushOrder.js'
import type { SimulatedDatabase } from './database.js'
import type { SimulatedNode } from './node.js'
import type { SimulatedTarget } from './target.js'
import type { VirtualClock } from './virtualClock.js'

export class SimulatedControl implements Control {
  private readonly scenario: Scenario
  private readonly fleet: readonly SimulatedNode[]
  private readonly store: MemoryStore
  private readonly database: SimulatedDatabase
  private readonly hands: Hands
  private readonly faults: FaultPlay
  private readonly clock: VirtualClock
  private readonly target: SimulatedTarget

  constructor(options: {
    scenario: Scenario
    fleet: readonly SimulatedNode[]
    store: MemoryStore
    database: SimulatedDatabase
    hands: Hands
    clock: VirtualClock
    target: SimulatedTarget
  }) {
    this.clock = options.clock
    this.target = options.target
    this.scenario = options.scenario
    this.fleet = options.fleet
    this.store = options.store
    this.database = options.database
    this.hands = options.hands
    this.faults = new FaultPlay(options.hands)
  }

  apply(step: TimelineStep, node: number | null, done: (result: StepResult) => void): void {
    const { action } = step
    if (action.kind === 'cutover' && action.outage !== null) {
      const nodes = this.chosen(node === null ? 'all' : [node])
      this.restartInto(nodes, action.to, action.outage, () => done({ ok: true, note: '' }))
      return
    }
    try {
      done({ ok: true, note: '', ...this.conduct(step, node) })
    } catch (error) {
      if (error instanceof DefectError) throw error
      done({ ok: false, note: error instanceof Error ? error.message : String(error) })
    }
  }

  table(done: (size: { rows: number; bytes: number | null } | null) => void): void {
    const { up, gate } = this.database
    done(up && gate.isOpen ? { rows: this.store.countTokens(), bytes: this.store.tokenBytes() } : null)
  }

  lastExpiry(done: (answer: { readonly atSec: number | null } | null) => void): void {
    const { up, gate } = this.database
    const lastSec = this.store.lastTokenExpirySec()
    const atSec = lastSec === null ? null : lastSec - this.scenario.startsAtEpochSec
    done(up && gate.isOpen ? { atSec } : null)
  }

  /** Does one step; returns what there is to say about it. */
  private conduct(step: TimelineStep, node: number | null): Partial<StepResult> {
    const { action } = step
    switch (action.kind) {
      case 'cutover':
        for (const number of this.chosen(node === null ? 'all' : [node])) {
          const backend = this.fleet[number - 1] as SimulatedNode
          // A Keystone takes another provider by being started anew.
          backend.identity.mode = action.to
          backend.forget()
        }
        return {}
      case 'keys.rotate':
        return { note: this.hands.keys.rotate() }
      case 'keys.distribute':
        return { note: this.faults.distribute(this.chosen(action.nodes)) }
      case 'flush': {
        const rowsDeleted = this.flush(step)
        return { note: `${rowsDeleted} rows deleted`, rowsDeleted }
      }
      case 'expiration':
        for (const backend of this.fleet) backend.identity.setExpiration(action.expirationSec)
        return {}
      case 'restart':
        return {}
      case 'fault':
        return { note: this.play('begin', action.fault) }
      case 'repair':
        return { note: this.play('end', action.fault) }
    }
  }

  private play(which: 'begin' | 'end', fault: Fault): string {
    const note = this.faults[which](fault)
    if (note instanceof Promise) throw new DefectError('a fault took time in the simulated world')
    return note
  }

  /** Backends are stopped and started with the other provider: they answer in that mode, or not at all. */
  private restartInto(nodes: readonly number[], to: ProviderMode, outage: Outage, done: () => void): void {
    const refusedFrom = this.clock.now() + outage.resetsSec * 1e6
    const hangsFrom = refusedFrom + outage.refusedSec * 1e6
    const backAt = hangsFrom + outage.hangsSec * 1e6
    // The first entry of that instant: whoever has waited for the backend finds it back.
    this.clock.at(backAt as Micros, () => {
      for (const node of nodes) {
        const backend = this.fleet[node - 1] as SimulatedNode
        backend.away = null
        backend.identity.mode = to
        backend.forget()
      }
      done()
    })
    for (const node of nodes) this.target.leave(node, { refusedFrom, hangsFrom, backAt })
  }

  private chosen(nodes: NodeSet): readonly number[] {
    return nodes === 'all' ? this.fleet.map((_, i) => i + 1) : nodes
  }

  private flush(step: TimelineStep): number {
    const { up, gate, readOnly } = this.database
    if (!up || !gate.isOpen) throw new Error('the database does not answer')
    if (readOnly) throw new Error('the database is read-only')
    return this.store.flushNow(flushOrder(this.scenario, step))
  }
}
