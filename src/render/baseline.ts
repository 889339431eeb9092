// A build against another, on a terminal: verdict, what differs, and a line for each time.
// It exists so that somebody who is told "slower" sees of what, by how much, and how sure that is.
import pc from 'picocolors'
import type { BaselineComparison, TimeComparison } from '../measure/baseline.js'
import { drawTable, type Cell } from './columns.js'
import { counted, milliseconds, plain, wrap } from './text.js'
import { narrowestColumns, widestColumns, type TerminalOptions } from './terminal.js'

/** `×1.05 to ×1.12`: the interval of the ratio. */
export const ratioWords = ({ ratio }: TimeComparison): string =>
  `×${ratio.value.toFixed(3)} (${ratio.low.toFixed(3)} to ${ratio.high.toFixed(3)})`

/** What was compared, in words. */
export const scopeWords = ({ runs, repetitions }: BaselineComparison): string =>
  repetitions > 0
    ? counted(repetitions, 'repetition')
    : `${counted(runs.candidate, 'run')} and ${runs.baseline} of the baseline`

/** The comparison as text, ending in a line break. */
export const renderBaseline = (
  comparison: BaselineComparison,
  { columns, colour }: TerminalOptions,
): string => {
  const width = Math.max(narrowestColumns, Math.min(widestColumns, Math.floor(columns)))
  const colours = pc.createColors(colour)
  const { verdict, reasons, times, notes } = comparison
  const paint = { pass: colours.green, fail: colours.red, inconclusive: colours.yellow }[verdict]
  const bullets = [...reasons, ...notes.filter((note) => !reasons.includes(note))].flatMap((text) =>
    wrap(plain(text), width, '  ').map((line, i) => (i === 0 ? `- ${line.slice(2)}` : line)),
  )
  const paintOf = {
    slower: colours.red,
    faster: colours.green,
    'no-difference': colours.dim,
    'too-noisy': colours.yellow,
  }
  const rows = times.map((time): readonly Cell[] => [
    { text: time.name },
    { text: milliseconds(time.baseline) },
    { text: milliseconds(time.candidate) },
    { text: ratioWords(time) },
    // How many more repetitions it would take stands among the reasons.
    { text: time.result === 'too-noisy' ? 'too noisy' : time.words, paint: paintOf[time.result] },
  ])
  const heads = ['service time', 'baseline', 'now', 'ratio, 95 % interval', 'verdict']
  const table =
    rows.length === 0 ? [] : ['', ...drawTable(heads, rows, { width, left: [0, 4], paintHead: colours.dim })]
  const title = `${colours.bold(paint(verdict.toUpperCase()))}  against the baseline, ${scopeWords(comparison)}`
  return `${[title, ...bullets, ...table].map((line) => line.trimEnd()).join('\n')}\n`
}
