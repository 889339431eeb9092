// A file of gates, one on a line: what is read of it, and what is wrong with it.
// It exists so that one list of limits can judge many runs.
import type { Problem } from '../base/errors.js'
import { parseGate, type Gate, type GateNames } from './gateParser.js'

/** The gates of a text, or everything that is wrong with it. */
export interface GateList {
  readonly gates: readonly Gate[]
  readonly problems: readonly Problem[]
}

/** Empty lines and what follows `#` are passed over; a dash before a gate, as in a scenario's list, too. */
export const readGateList = (text: string, names: GateNames = {}): GateList => {
  const gates: Gate[] = []
  const problems: Problem[] = []
  text.split('\n').forEach((whole, i) => {
    const lead = /^\s*(?:-\s+)?/.exec(whole)?.[0].length ?? 0
    const own = whole.slice(lead).replace(/#.*$/, '').trimEnd()
    if (own === '') return
    const parsed = parseGate(own, names)
    if (parsed.ok) gates.push(parsed.gate)
    else
      for (const problem of parsed.problems)
        problems.push({ ...problem, line: i + 1, column: lead + (problem.column ?? 1) })
  })
  if (gates.length === 0 && problems.length === 0) {
    problems.push({ message: 'there is no gate', remedy: 'write one on a line, such as rows(at=end) == 0' })
  }
  return { gates, problems }
}
