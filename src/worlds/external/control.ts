// The operator's hands in the external world: each step of the timeline is a command of the operator's own.
// What a command said is kept in the run's folder; whether it failed, and its last line, stand in the record.
import path from 'node:path'
import { toSec } from '../../base/time.js'
import { runHook, type HookResult } from '../../io/hookCommand.js'
import type { TokenTableReader } from '../../io/store/tokenTableReader.js'
import type { Clock, Control, StepResult } from '../../rehearsal/ports.js'
import { endHook, hookFor, type HookCommand } from '../../scenario/external.js'
import type { Scenario, TimelineStep } from '../../scenario/scenario.js'
import type { Inference } from './inference.js'

/** Where the output of all hooks of a run stands. */
export const hooksFile = 'hooks.log'

export interface ExternalControlOptions {
  readonly scenario: Scenario
  /** The run's folder. */
  readonly folder: string
  readonly url: string
  readonly env: Readonly<Record<string, string | undefined>>
  /** What no output of a command may keep. */
  readonly secrets: readonly string[]
  readonly clock: Clock
  readonly inference: Inference
  readonly table: TokenTableReader | null
}

/** What a hook is told of its step. */
export const hookVariables = (
  { action }: Pick<TimelineStep, 'action'>,
  node: number | null,
): Readonly<Record<string, string>> => ({
  CUTOVER_STEP: action.kind,
  ...(node === null ? {} : { CUTOVER_NODE: String(node) }),
  ...(action.kind === 'cutover' ? { CUTOVER_TO: action.to } : {}),
  ...(action.kind === 'restart' ? { CUTOVER_TARGET: action.target } : {}),
  ...(action.kind === 'keys.distribute' ? { CUTOVER_NODES: listed(action.nodes) } : {}),
  ...(action.kind === 'flush' ? { CUTOVER_EVERYTHING: String(action.everything === true) } : {}),
  ...(action.kind === 'expiration' ? { CUTOVER_EXPIRATION: String(action.expirationSec) } : {}),
  ...('fault' in action
    ? {
        CUTOVER_FAULT: action.fault.kind,
        ...(action.fault.nodes === null ? {} : { CUTOVER_NODES: listed(action.fault.nodes) }),
      }
    : {}),
})

const listed = (nodes: 'all' | readonly number[]): string => (nodes === 'all' ? 'all' : nodes.join(' '))

export class ExternalControl implements Control {
  private readonly options: ExternalControlOptions
  private lastRows: { readonly atSec: number; readonly rows: number } | null = null
  private asking = false

  constructor(options: ExternalControlOptions) {
    this.options = options
  }

  apply(step: TimelineStep, node: number | null, done: (result: StepResult) => void): void {
    const { scenario, clock, inference } = this.options
    const hook = hookFor(step.action, scenario.external.hooks)
    if (hook === null) {
      // Only what may be left to the target has no hook by now: `externalChecks.ts` refuses the rest.
      const left = step.action.kind === 'restart' ? '' : 'left to the target: there is no hook'
      done({ ok: true, note: left })
      return
    }
    const applied = inference.applying(step, node)
    const name = node === null ? step.action.kind : `${step.action.kind} node ${node}`
    // The size of the table is told by the next look, not by one from before the step.
    this.lastRows = null
    void this.runHook(hook, name, hookVariables(step, node)).then((result) => {
      applied(result.ok, toSec(clock.now()))
      done(result)
    })
  }

  /** The hook `end`; null: there is none. */
  async end(): Promise<HookResult | null> {
    const hook = this.options.scenario.external.hooks[endHook]
    return hook === undefined ? null : this.runHook(hook, endHook, { CUTOVER_STEP: endHook })
  }

  /** Asks the database at most once in the period that the scenario states. */
  table(done: (size: { rows: number; bytes: number | null } | null) => void): void {
    const { table, scenario, clock } = this.options
    const everySec = scenario.external.table?.everySec ?? 10
    const nowSec = toSec(clock.now())
    if (
      table === null ||
      this.asking ||
      (this.lastRows !== null && nowSec - this.lastRows.atSec < everySec)
    ) {
      done(null)
      return
    }
    this.asking = true
    void table.rows().then((rows) => {
      this.asking = false
      if (rows !== null) this.lastRows = { atSec: nowSec, rows }
      done(rows === null ? null : { rows, bytes: null })
    })
  }

  lastExpiry(done: (answer: { readonly atSec: number | null } | null) => void): void {
    const { table, clock } = this.options
    if (table === null) {
      done(null)
      return
    }
    void table.lastExpiry().then((answer) => {
      if (answer === null) done(null)
      // In the seconds of the run, which are the world's own here.
      else
        done({
          atSec: answer.epochSec === null ? null : answer.epochSec - Date.now() / 1000 + toSec(clock.now()),
        })
    })
  }

  private runHook(
    { run, timeoutSec }: HookCommand,
    name: string,
    variables: Readonly<Record<string, string>>,
  ): Promise<HookResult> {
    const { folder, url, env, secrets, clock } = this.options
    return runHook({
      run,
      timeoutMs: timeoutSec * 1000,
      name,
      secrets,
      logFile: path.join(folder, hooksFile),
      env: {
        ...env,
        ...variables,
        CUTOVER_URL: url,
        CUTOVER_RUN: folder,
        CUTOVER_AT: toSec(clock.now()).toFixed(3),
      },
    })
  }
}
