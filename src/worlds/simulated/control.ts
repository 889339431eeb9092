// The operator's hands in the simulated world: each step changes the model, at once.
// What a step means is that of the local world's control; how it is done is all that differs.
import type { Random } from '../../base/random.js'
import type { MemoryStore } from '../../identity/memoryStore.js'
import type { Control, StepResult } from '../../rehearsal/ports.js'
import type { Scenario, TimelineStep } from '../../scenario/scenario.js'
import { fernetKeyFromBytes } from '../../token/fernet.js'
import { rotateRing, type KeyRing } from '../../token/keyring.js'
import type { SimulatedNode } from './node.js'

export class SimulatedControl implements Control {
  private readonly scenario: Scenario
  private readonly fleet: readonly SimulatedNode[]
  private readonly store: MemoryStore
  private readonly random: Random
  private origin: KeyRing

  constructor(options: {
    scenario: Scenario
    fleet: readonly SimulatedNode[]
    store: MemoryStore
    origin: KeyRing
    random: Random
  }) {
    this.scenario = options.scenario
    this.fleet = options.fleet
    this.store = options.store
    this.origin = options.origin
    this.random = options.random
  }

  apply(step: TimelineStep, node: number | null, done: (result: StepResult) => void): void {
    const { action } = step
    switch (action.kind) {
      case 'cutover':
        for (const backend of this.chosen(node === null ? 'all' : [node])) backend.identity.mode = action.to
        done({ ok: true, note: '' })
        return
      case 'keys.rotate': {
        const fresh = fernetKeyFromBytes(this.random.bytes(32))
        this.origin = rotateRing(this.origin, {
          maxActiveKeys: this.scenario.identity.keys.maxActiveKeys,
          fresh,
        }).ring
        done({ ok: true, note: `${this.origin.keys.size} keys` })
        return
      }
      case 'keys.distribute':
        for (const backend of this.chosen(action.nodes)) {
          // A copy makes a node's ring equal to the origin's, so they may be one object.
          backend.ring = this.origin
        }
        done({ ok: true, note: '' })
        return
      case 'flush':
        done({ ok: true, note: `${this.flush(step)} rows deleted` })
        return
      case 'restart':
        done({ ok: true, note: '' })
    }
  }

  table(done: (size: { rows: number; bytes: number | null } | null) => void): void {
    done({ rows: this.store.countTokens(), bytes: this.store.tokenBytes() })
  }

  private chosen(nodes: 'all' | readonly number[]): readonly SimulatedNode[] {
    return nodes === 'all' ? this.fleet : this.fleet.filter((_, i) => nodes.includes(i + 1))
  }

  /** What has expired by the instant at which the step was due goes. */
  private flush(step: TimelineStep): number {
    const { profile, allowExpiredWindowSec } = (this.fleet[0] as SimulatedNode).identity.config
    const beforeSec = this.scenario.startsAtEpochSec + step.atSec - allowExpiredWindowSec
    return this.store.flushNow({ beforeSec, ...profile.flush })
  }
}
