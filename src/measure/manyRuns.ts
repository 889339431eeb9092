// The verdict on several runs of one scenario: each is judged by itself, and what they say together is one summary.
// It exists because repetitions of a rehearsal are one test to a pipeline, and one that was late is no reason to fail it.
import type { GateResult } from './gates.js'
import type { Summary } from './summary.js'
import type { Verdict } from './verdict.js'

const severity: Readonly<Record<Verdict, number>> = { pass: 0, inconclusive: 1, fail: 2 }

/** The worse of two: what failed is certain, what is inconclusive may be anything. */
export const worseVerdict = (a: Verdict, b: Verdict): Verdict => (severity[a] >= severity[b] ? a : b)

/** Runs that can be judged; with none, all of them. */
const judged = (summaries: readonly Summary[]): readonly Summary[] => {
  const sound = summaries.filter(({ verdict, gates }) => verdict !== 'inconclusive' || gates.some(isBlank))
  return sound.length === 0 ? summaries : sound
}

const isBlank = ({ result }: GateResult): boolean => result === 'no-data'

/**
 * Sums up runs of one scenario as if they were one: a gate fails if it fails in any run, and has no data if it has none in any. Runs
 * that decide nothing by their own fault are left out, as long as another is left. All else is as in the first.
 */
export const summariseMany = (summaries: readonly Summary[]): Summary => {
  const [first] = summaries
  if (first === undefined) throw new RangeError('no run to sum up')
  const kept = judged(summaries)
  const [base = first] = kept
  if (summaries.length === 1) return base
  const gates = base.gates.map((gate, i) => {
    const all = kept.flatMap(({ gates: own }) => own[i] ?? [])
    const worst = all.find(({ result }) => result === 'fail') ?? all.find(isBlank) ?? gate
    const same = all.filter(({ result }) => result === worst.result).length
    const note = worst.result === 'pass' ? worst.note : `in ${same} of ${all.length} runs`
    return {
      ...worst,
      note: [worst.note, note].filter((text, k, both) => text !== '' && both.indexOf(text) === k).join('; '),
    }
  })
  const verdict = kept.map((summary) => summary.verdict).reduce(worseVerdict)
  const reasons = [
    ...new Set(kept.filter((summary) => summary.verdict === verdict).flatMap((each) => each.reasons)),
  ]
  const out = summaries.length - kept.length
  const left =
    out === 0 ? [] : [`${out} of ${summaries.length} runs decide nothing by themselves and are left out`]
  const wallSec = summaries.reduce((sum, summary) => sum + summary.wallSec, 0)
  return { ...base, gates, verdict, reasons: [...reasons, ...left], wallSec }
}
