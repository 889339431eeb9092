// From a record made by hand to the view that the renderers are given, by the way that a real run takes.
// Tests of rendering share it, so that none of them invents a summary of its own.
import { parseGate } from '../../src/measure/gates.js'
import type { RunRecord } from '../../src/measure/record.js'
import { summarise } from '../../src/measure/summary.js'
import { reportView } from '../../src/rehearsal/reportView.js'
import type { ReportView } from '../../src/render/view.js'

/** Summary and view of a record. A gate that cannot be read is a mistake in the test. */
export function viewOf(record: RunRecord): ReportView {
  const gates = record.header.gates.map((text) => {
    const parsed = parseGate(text)
    if (!parsed.ok) throw new Error(`the gate ${text} cannot be read`)
    return parsed.gate
  })
  return reportView(record, summarise(record, gates))
}
