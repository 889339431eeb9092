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

/** The reasons of some of the runs, each once, with the runs that it is of; all of them need not be named. */
const reasonsOf = (
  summaries: readonly Summary[],
  isTold: (summary: Summary) => boolean,
): readonly string[] => {
  const runsOf = new Map<string, number[]>()
  for (const [i, summary] of summaries.entries()) {
    if (!isTold(summary)) continue
    for (const reason of summary.reasons) runsOf.set(reason, [...(runsOf.get(reason) ?? []), i + 1])
  }
  const told = summaries.filter(isTold).length
  return [...runsOf].map(([reason, runs]) =>
    runs.length === told && told > 1
      ? reason
      : `run${runs.length === 1 ? '' : 's'} ${runs.join(', ')}: ${reason}`,
  )
}

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
  const reasons = reasonsOf(summaries, (summary) => kept.includes(summary) && summary.verdict === verdict)
  const out = summaries.length - kept.length
  const words = out === 1 ? 'decides nothing by itself and is' : 'decide nothing by themselves and are'
  const left = out === 0 ? [] : [`${out} of ${summaries.length} runs ${words} left out`]
  const wallSec = summaries.reduce((sum, summary) => sum + summary.wallSec, 0)
  return { ...base, gates, verdict, reasons: [...reasons, ...left], wallSec }
}
