// The operator's hands in the local world: switches backends, rotates and copies keys on disk, flushes the table.
// Each step is done by the process that would do it in a real cloud, and answered when it is done.
import { toSec, type TimeMap } from '../../base/time.js'
import type { FlushOrder } from '../../identity/store.js'
import type { Child } from '../../io/childProcess.js'
import type { Clock, Control, StepResult } from '../../rehearsal/ports.js'
import type { NodeSet, Outage, Scenario, TimelineStep } from '../../scenario/scenario.js'
import type { Hands } from '../faults/hands.js'
import { FaultPlay } from '../faults/play.js'
import { flushOrder, seededRowsToFlush } from '../flushOrder.js'
import type { Restart } from './calls.js'
import type { Fleet } from './fleet.js'

export interface LocalControlOptions {
  readonly scenario: Scenario
  readonly keeper: Child
  readonly fleet: Fleet
  readonly hands: Hands
  readonly clock: Clock
  readonly timeMap: TimeMap
  /** Told of the rows that a flush has deleted so far, and of about how many it will. */
  readonly onFlush: (done: number, total: number) => void
}

export class LocalControl implements Control {
  private readonly options: LocalControlOptions
  private readonly faults: FaultPlay
  private asking = false
  private flushedUntilSec = 0
  private flushing: (rows: number) => void = () => {}

  constructor(options: LocalControlOptions) {
    this.options = options
    this.faults = new FaultPlay(options.hands)
  }

  apply(step: TimelineStep, node: number | null, done: (result: StepResult) => void): void {
    this.conduct(step, node).then(
      (result) => done({ ok: true, note: '', ...result }),
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

  lastExpiry(done: (answer: { readonly atSec: number | null } | null) => void): void {
    const { keeper, scenario } = this.options
    keeper.call<number | null>('lastExpiry').then(
      (lastSec) => done({ atSec: lastSec === null ? null : lastSec - scenario.startsAtEpochSec }),
      () => done(null),
    )
  }

  /** Does one step; returns what there is to say about it. */
  private async conduct(step: TimelineStep, node: number | null): Promise<Partial<StepResult>> {
    const { scenario, fleet } = this.options
    const { action } = step
    switch (action.kind) {
      case 'cutover': {
        const nodes = this.chosen(node === null ? 'all' : [node])
        const { to, outage } = action
        if (outage === null) return { note: said(await Promise.all(nodes.map((i) => fleet.setMode(i, to)))) }
        const phases = this.phases(outage)
        const notes = nodes.map((i) => fleet.restartInto(i, { mode: to, ...phases }))
        return { note: said(await Promise.all(notes)) }
      }
      case 'keys.rotate':
        return { note: this.options.hands.keys.rotate() }
      case 'keys.distribute':
        return { note: this.faults.distribute(this.chosen(action.nodes)) }
      case 'flush': {
        const rowsDeleted = await this.flush(flushOrder(scenario, step))
        return { note: `${rowsDeleted} rows deleted`, rowsDeleted }
      }
      case 'expiration': {
        const notes = this.chosen('all').map((i) => fleet.setExpiration(i, action.expirationSec))
        return { note: said(await Promise.all(notes)) }
      }
      case 'restart':
        return {}
      case 'fault':
        return { note: await this.faults.begin(action.fault) }
      case 'repair':
        return { note: await this.faults.end(action.fault) }
    }
  }

  /** Tells how far it is meanwhile; rows that came during the run make the estimate of all of them too low. */
  private async flush(order: FlushOrder): Promise<number> {
    const { scenario, keeper, onFlush } = this.options
    const { beforeSec } = order
    const expected = seededRowsToFlush(scenario, { sinceSec: this.flushedUntilSec, beforeSec })
    this.flushedUntilSec = beforeSec
    this.flushing = (rows) => onFlush(rows, Math.max(rows + 1, expected))
    try {
      return await keeper.call<number>('flush', order)
    } finally {
      onFlush(expected, expected)
    }
  }

  /** The keeper has deleted so many rows in the flush that is under way. */
  flushed(rows: number): void {
    this.flushing(rows)
  }

  /** The outage as it is now, at the speed of the scenario. */
  private phases({ resetsSec, refusedSec, hangsSec }: Outage): Omit<Restart, 'mode'> {
    const { clock, timeMap } = this.options
    const msPerSec = 1000 / timeMap.stretchAt(toSec(clock.now())).speed
    return {
      resetsMs: resetsSec * msPerSec,
      refusedMs: refusedSec * msPerSec,
      hangsMs: hangsSec * msPerSec,
    }
  }

  private chosen(nodes: NodeSet): readonly number[] {
    return nodes === 'all' ? Array.from({ length: this.options.fleet.size }, (_, i) => i + 1) : nodes
  }
}

const said = (notes: readonly string[]): string => notes.filter((note) => note !== '').join('; ')
