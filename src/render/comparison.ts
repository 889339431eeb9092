// Runs side by side as a table: a row for each figure, a column for each run, in blocks as wide as the terminal.
// It exists because an operator chooses between strategies by reading along a row.
import pc from 'picocolors'
import type { ClassImpact } from '../measure/impact.js'
import type { ComparedRun, Comparison } from '../measure/comparison.js'
import { drawTable, type Cell } from './columns.js'
import { aboutDuration, clockTime, count, listed, plain, wrap } from './text.js'
import { narrowestColumns, widestColumns, type TerminalOptions } from './terminal.js'

/** A row: what it tells, and what it tells of each run. */
export interface ComparisonRow {
  readonly label: string
  readonly cell: (run: ComparedRun) => string
  readonly heading?: true
}

const none = '–'
const signed = (value: number): string =>
  value > 0 ? `+${count(value)}` : value < 0 ? `−${count(-value)}` : '0'
const spell = (seconds: number | null | undefined): string =>
  seconds === null || seconds === undefined ? none : aboutDuration(seconds)

const heading = (label: string): ComparisonRow => ({ label, cell: () => '', heading: true })

/** Classes with members in the order of the first run; services' workers are none. */
const classesOf = (runs: readonly ComparedRun[]): readonly string[] => [
  ...new Set(
    runs.flatMap(({ impact }) =>
      Object.entries(impact.byClass).flatMap(([name, { members }]) => (members === null ? [] : [name])),
    ),
  ),
]

/** Refusals that services' own workers got. */
const ofServices = ({ refusals, impact }: ComparedRun): number =>
  Object.entries(refusals.byClass).reduce(
    (sum, [name, n]) => (impact.byClass[name]?.members === null ? sum + n : sum),
    0,
  )

const refusalRows = (runs: readonly ComparedRun[], compared: boolean): readonly ComparisonRow[] => [
  { label: 'Refused requests', cell: ({ refusals }) => count(refusals.total) },
  ...classesOf(runs).map((name): ComparisonRow => ({
    label: `  ${name}`,
    cell: ({ refusals }) => count(refusals.byClass[name] ?? 0),
  })),
  { label: '  services', cell: (run) => count(ofServices(run)) },
  ...(compared
    ? [
        {
          label: '  more than unchanged',
          cell: ({ extra }: ComparedRun) => (extra === null ? none : signed(extra.refusals)),
        },
      ]
    : []),
  { label: 'Failed otherwise', cell: ({ failures }) => count(failures) },
]

const perClass = (
  runs: readonly ComparedRun[],
  cell: (impact: ClassImpact | undefined) => string,
): readonly ComparisonRow[] =>
  classesOf(runs).map((name) => ({ label: `  ${name}`, cell: ({ impact }) => cell(impact.byClass[name]) }))

const memberRows = (runs: readonly ComparedRun[]): readonly ComparisonRow[] => [
  { label: 'Members hit', cell: ({ impact }) => count(impact.membersHit) },
  ...perClass(runs, (own) =>
    own?.membersHit === undefined || own.membersHit === null ? none : count(own.membersHit),
  ),
  heading('Longest time without a good call, for one member'),
  ...perClass(runs, (own) => spell(own?.memberWithoutSec)),
  heading('Longest outage of the whole class'),
  ...perClass(runs, (own) => spell(own?.outageSec)),
]

const changeRows = (runs: readonly ComparedRun[]): readonly ComparisonRow[] => {
  const targets = [
    ...new Set(runs.flatMap(({ impact }) => impact.change?.restarts.map(({ target }) => target) ?? [])),
  ]
  return [
    { label: 'Duration of the change', cell: ({ impact }) => spell(impact.change?.durationSec) },
    {
      label: '  from',
      cell: ({ impact }) => (impact.change === null ? none : clockTime(impact.change.fromSec)),
    },
    { label: '  to', cell: ({ impact }) => (impact.change === null ? none : clockTime(impact.change.toSec)) },
    ...(targets.length === 0 ? [] : [heading('Restarts, and when')]),
    ...targets.map((target): ComparisonRow => ({
      label: `  ${target}`,
      cell: ({ impact }) =>
        impact.change?.restarts
          .filter((each) => each.target === target)
          .map(({ atSec }) => clockTime(atSec))
          .join(' ') || none,
    })),
  ]
}

const tableRows = (compared: boolean): readonly ComparisonRow[] => [
  { label: 'Table empty after', cell: ({ impact }) => spell(impact.drainSec) },
  { label: 'Written to the database', cell: ({ impact }) => count(impact.writes.total) },
  { label: '  rows inserted', cell: ({ impact }) => count(impact.writes.rowsInserted) },
  { label: '  rows deleted', cell: ({ impact }) => count(impact.writes.rowsDeleted) },
  { label: '  revocation events', cell: ({ impact }) => count(impact.writes.revocations) },
  ...(compared
    ? [
        {
          label: '  more than unchanged',
          cell: ({ extra }: ComparedRun) => (extra === null ? none : signed(extra.writes)),
        },
      ]
    : []),
]

/** All rows: what is told of each run. A label that begins with spaces is a part of the one above it. */
export const comparisonRows = ({ runs, unchanged }: Comparison): readonly ComparisonRow[] => [
  { label: 'Verdict of its gates', cell: ({ verdict }) => verdict },
  ...refusalRows(runs, unchanged !== null),
  ...memberRows(runs),
  ...changeRows(runs),
  ...tableRows(unchanged !== null),
]

/** So many runs at a time that their columns fit. */
const blocksOf = (
  runs: readonly ComparedRun[],
  rows: readonly ComparisonRow[],
  width: number,
): readonly (readonly ComparedRun[])[] => {
  const labels = Math.max(
    ...rows.filter(({ heading: alone }) => alone !== true).map(({ label }) => label.length),
  )
  const blocks: ComparedRun[][] = [[]]
  let used = labels
  for (const run of runs) {
    const needed = 2 + Math.max(run.name.length, ...rows.map(({ cell }) => cell(run).length))
    const last = blocks.at(-1) ?? []
    if (last.length > 0 && used + needed > width) {
      blocks.push([run])
      used = labels + needed
    } else {
      last.push(run)
      used += needed
    }
  }
  return blocks
}

/** The classes of clients and their members: clouds that differ in them are different clouds. */
const membersWords = ({ byClass }: ComparedRun['impact']): string =>
  Object.entries(byClass)
    .flatMap(([name, { members }]) => (members === null ? [] : [`${name} ${members}`]))
    .sort()
    .join()

/** What does not fit into a row: clouds, worlds and seeds that differ, and why a run decided nothing. */
export const comparisonNotes = ({ runs }: Comparison): readonly string[] => {
  const differing = (['world', 'seed', 'scenarioSec'] as const).filter(
    (field) => new Set(runs.map((run) => run[field])).size > 1,
  )
  const words = { world: 'world', seed: 'seed', scenarioSec: 'length' }
  const named = [
    ...(new Set(runs.map(({ impact }) => membersWords(impact))).size > 1 ? ['cloud'] : []),
    ...differing.map((field) => words[field]),
  ]
  const differ =
    named.length === 0
      ? []
      : [`These runs differ in ${listed(named)}, so not every difference is the strategy’s.`]
  const flawed = runs.flatMap(({ name, verdict, reasons }) =>
    verdict === 'pass' ? [] : [`${plain(name)}: ${verdict}: ${plain(reasons.join('; '))}`],
  )
  return [...differ, ...flawed]
}

/** The whole comparison as text, ending in a line break. */
export function renderComparison(comparison: Comparison, options: TerminalOptions): string {
  const width = Math.max(narrowestColumns, Math.min(widestColumns, Math.floor(options.columns)))
  const colours = pc.createColors(options.colour)
  const rows = comparisonRows(comparison)
  const lines = blocksOf(comparison.runs, rows, width).flatMap((runs, i) => {
    const cells = rows.map(({ label, cell, heading: alone }): Cell[] => [
      { text: alone === true ? '' : label },
      ...runs.map((run) => ({ text: plain(cell(run)) })),
    ])
    const drawn = drawTable(['', ...runs.map(({ name }) => plain(name))], cells, {
      width,
      left: [0],
      paintHead: colours.bold,
    })
    const withHeadings = drawn.map((line, at) => {
      const row = rows[at - 1]
      return row?.heading === true ? row.label : line
    })
    return [...(i === 0 ? [] : ['']), ...withHeadings]
  })
  const notes = comparisonNotes(comparison).flatMap((text) => wrap(text, width))
  const text = [...lines, ...(notes.length === 0 ? [] : ['', ...notes])]
  return `${text.map((line) => line.trimEnd()).join('\n')}\n`
}
