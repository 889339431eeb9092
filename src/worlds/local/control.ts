// The operator's hands in the local world: switches backends, rotates and copies keys on disk, flushes the table.
// Each step is done by the process that would do it in a real cloud, and answered when it is done.
import type { FlushOrder } from '../../identity/store.js'
import { releaseProfiles } from '../../identity/release.js'
import type { Child } from '../../io/childProcess.js'
import type { Control, StepResult } from '../../rehearsal/ports.js'
import type { NodeSet, Scenario, TimelineStep } from '../../scenario/scenario.js'
import type { Hands } from '../faults/hands.js'
import { FaultPlay } from '../faults/play.js'
import type { Fleet } from './fleet.js'

export interface LocalControlOptions {
  readonly scenario: Scenario
  readonly keeper: Child
  readonly fleet: Fleet
  readonly hands: Hands
}

export class LocalControl implements Control {
  private readonly options: LocalControlOptions
  private readonly faults: FaultPlay
  private asking = false

  constructor(options: LocalControlOptions) {
    this.options = options
    this.faults = new FaultPlay(options.hands)
  }

  apply(step: TimelineStep, node: number | null, done: (result: StepResult) => void): void {
    this.conduct(step, node).then(
      (note) => done({ ok: true, note }),
      (error: unknown) => done({ ok: false, note: error instanceof Error ? error.message : String(error) }),
    )
  }

  table(done: (size: { rows: number; bytes: number | null } | null) => void): void {
    // One question at a time: a store that is slow to count must not be asked to count again meanwhile.
    if (this.asking || !this.options.keeper.alive) {
      done(null)
      return
    }
    this.asking = true
    this.options.keeper
      .call<{ rows: number; bytes: number | null }>('table', false)
      .then(done, () => done(null))
      .finally(() => {
        this.asking = false
      })
  }

  /** Does one step; returns what there is to say about it. */
  private async conduct(step: TimelineStep, node: number | null): Promise<string> {
    const { scenario, keeper, fleet } = this.options
    const { action } = step
    switch (action.kind) {
      case 'cutover': {
        const notes = await Promise.all(
          this.chosen(node === null ? 'all' : [node]).map((i) => fleet.setMode(i, action.to)),
        )
        return notes.filter((note) => note !== '').join('; ')
      }
      case 'keys.rotate':
        return this.options.hands.keys.rotate()
      case 'keys.distribute':
        return this.faults.distribute(this.chosen(action.nodes))
      case 'flush': {
        const profile = releaseProfiles[scenario.identity.release]
        // What has expired by the instant at which the step was due goes: the lateness of a time-lapse is no lateness of the cloud.
        const beforeSec = scenario.startsAtEpochSec + step.atSec - profile.allowExpiredWindowSec
        const rows = await keeper.call<number>('flush', { beforeSec, ...profile.flush } satisfies FlushOrder)
        return `${rows} rows deleted`
      }
      case 'restart':
        return ''
      case 'fault':
        return this.faults.begin(action.fault)
      case 'repair':
        return this.faults.end(action.fault)
    }
  }

  private chosen(nodes: NodeSet): readonly number[] {
    return nodes === 'all' ? Array.from({ length: this.options.fleet.size }, (_, i) => i + 1) : nodes
  }
}
