// The verdict on a run, with its reasons in an operator's words.
// A run that cannot be trusted decides nothing, whatever its gates say; but what they say is told all the same.
import { cpuWaitShareMost } from '../base/limits.js'
import type { GateResult, GateUnit } from './gates.js'
import type { RunRecord } from './record.js'
import type { CauseCheck } from './series.js'
import { reachedItsEnd, recordedUntilSec } from './windows.js'

export type Verdict = 'pass' | 'fail' | 'inconclusive'

/** What is judged. */
export interface Evidence {
  readonly record: RunRecord
  readonly results: readonly GateResult[]
  /** Null if the generator sent nothing. */
  readonly lateness: { readonly p99Ms: number } | null
  readonly requests: number
  readonly shed: number
  readonly causes: CauseCheck
}

/**
 * Inconclusive if the run itself was flawed: interrupted, nothing asked, sent late, starved, shed, a fault or a failed step, a
 * refusal without a cause. Else failed if a gate failed; else inconclusive if a gate had no data; else passed.
 */
export const judge = (
  evidence: Evidence,
): { readonly verdict: Verdict; readonly reasons: readonly string[] } => {
  const flaws = flawsOf(evidence)
  const { results } = evidence
  const failures = results.filter(({ result }) => result === 'fail').map(failureOf)
  const blanks = results.filter(({ result }) => result === 'no-data').map(blankOf)
  const reasons = [...flaws, ...failures, ...blanks]
  if (flaws.length > 0) return { verdict: 'inconclusive', reasons }
  if (failures.length > 0) return { verdict: 'fail', reasons }
  if (blanks.length > 0) return { verdict: 'inconclusive', reasons }
  return {
    verdict: 'pass',
    reasons: [results.length === 0 ? 'no gates were set, so nothing was judged' : 'all gates hold'],
  }
}

const flawsOf = ({ record, lateness, requests, shed, causes }: Evidence): readonly string[] => {
  const { header, end, events } = record
  const flaws: string[] = []
  const untilSec = recordedUntilSec(record)
  const reached = `${figure(untilSec)} s of ${figure(header.durationSec)} s`
  if (end === null) flaws.push(`the run was killed: its record ends at ${reached}`)
  else if (end.interrupted !== null) flaws.push(`the run was interrupted at ${reached}: ${end.interrupted}`)
  else if (!reachedItsEnd(record)) flaws.push(`the run ended early, at ${reached}`)
  if (requests === 0) flaws.push('no request was made')
  flaws.push(...generatorFlaws(record, lateness))
  if (shed > 0) flaws.push(`the load generator shed work: ${figure(shed)} requests were due and never sent`)
  for (const { origin, label, startedSec, ok, note } of events) {
    const what = `${label} at ${figure(startedSec)} s${note === '' ? '' : ` (${note})`}`
    if (origin === 'fault') flaws.push(`something happened that nobody had planned: ${what}`)
    else if (!ok && !isExpected(startedSec, events)) flaws.push(`a step of the timeline failed: ${what}`)
  }
  if (!causes.holds) {
    const whose = Object.keys(causes.missing).join(', ')
    flaws.push(`${figure(causes.refusals - causes.explained)} refusals have no cause: ${whose}`)
  }
  return flaws
}

/** What speaks against the times of a run, though not against what was answered: its generator did not keep up. */
export const generatorFlaws = (record: RunRecord, lateness: Evidence['lateness']): readonly string[] => {
  const { latenessLimitMs } = record.header
  if (lateness === null || lateness.p99Ms <= latenessLimitMs) return starvation(record)
  const late = `the load generator sent late: 1 % of its requests by more than ${figure(lateness.p99Ms)} ms, where ${figure(latenessLimitMs)} ms is allowed`
  return [late, ...starvation(record)]
}

/** A generator that the machine did not let run: replies are read as late as requests are sent, and no later is allowed. */
const starvation = ({ header, end }: RunRecord): readonly string[] => {
  const load = end?.generator
  if (load === undefined) return []
  const reasons: string[] = []
  if (load.loopDelayP99Ms > header.latenessLimitMs) {
    reasons.push(
      `the load generator read replies late: 1 % of the turns of its event loop came more than ${figure(load.loopDelayP99Ms)} ms late, where ${figure(header.latenessLimitMs)} ms is allowed`,
    )
  }
  if (load.cpuWaitShare !== null && load.cpuWaitShare > cpuWaitShareMost) {
    reasons.push(
      `the load generator was starved of CPU: for ${figure(load.cpuWaitShare * 100)} % of the time it was ready to run and had no core, where ${figure(cpuWaitShareMost * 100)} % is allowed`,
    )
  }
  return reasons
}

/** Whether a step failed while a fault was in force that the timeline had brought about: then that is what it shows. */
const isExpected = (atSec: number, events: RunRecord['events']): boolean =>
  events.some((fault) => {
    if (!fault.event.startsWith('fault ') || !fault.ok || fault.startedSec > atSec) return false
    const end = events.find(({ event, fault: id }) => event.startsWith('repair ') && id === fault.fault)
    return end === undefined || atSec <= end.endedSec
  })

const failureOf = ({ gate, observed, limit, unit }: GateResult): string =>
  `gate failed: ${gate}: observed ${measured(observed, unit)}, limit ${measured(limit, unit)}`

const blankOf = ({ gate, note }: GateResult): string => `gate without data: ${gate}: ${note}`

const measured = (value: number | null, unit: GateUnit): string =>
  value === null ? 'nothing' : `${figure(value)}${unit === '%' ? ' %' : ` ${unit}`}`

/** A number as people write it, and as the report has it: thousands grouped, three digits that count. */
const figure = (value: number): string =>
  value.toLocaleString(
    'en-US',
    Math.abs(value) >= 100 ? { maximumFractionDigits: 0 } : { maximumSignificantDigits: 3 },
  )
