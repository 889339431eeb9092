// A measurement of capacity on a terminal: the answer first, then throughput and times, then what they follow from.
// It exists so that an operator reads a number of workers, and beside it what it was measured with.
import pc from 'picocolors'
import type { CapacityOp } from '../plan/capacityPoint.js'
import type { MeasuredCapacity } from '../plan/measuredCapacity.js'
import { growthCharts, throughputChart } from './capacityCharts.js'
import {
  answerSentence,
  capacityNotes,
  costTable,
  curveTable,
  growthTable,
  needWords,
  pointTable,
  settingWords,
  tableNotes,
  type CapacityTable,
} from './capacityTables.js'
import { drawTable } from './columns.js'
import { drawLoadChart } from './loadChart.js'
import { wrap } from './text.js'

export interface CapacityStyle {
  readonly columns: number
  readonly colour: boolean
}

/** All of it, ending in a line break. */
export const renderCapacity = (measured: MeasuredCapacity, style: CapacityStyle): string => {
  const width = Math.max(80, Math.min(160, style.columns))
  const colours = pc.createColors(style.colour)
  const { bold, dim, yellow } = colours
  const table = ({ heads, rows, words }: CapacityTable, note: string): string[] =>
    rows.length === 0
      ? []
      : [
          ...drawTable(
            heads,
            rows.map((row) => row.map((text) => ({ text }))),
            { width, left: words, paintHead: dim },
          ),
          ...wrap(note, width, '  ').map(dim),
        ]
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', bold(title), ...lines]
  const points = (op: CapacityOp): string[] => [
    ...drawLoadChart(throughputChart(measured, op), { width, colours }),
    ...table(pointTable(measured, op), tableNotes.points),
  ]
  const answers = measured.answers.map(answerSentence)
  const lines = [
    ...(measured.stopped ? [yellow('Stopped early: this is what was measured until then.')] : []),
    ...wrap(`For ${needWords(measured)}:`, width).map(bold),
    ...(answers.length === 0 ? ['no answer: there is no good point'] : answers).flatMap((text) =>
      wrap(text, width, '  '),
    ),
    ...wrap(settingWords(measured), width).map(dim),
    ...section('Validations', points('validate')),
    ...section('Issues', points('issue')),
    ...section(
      'Knee, and the Universal Scalability Law by connections',
      table(curveTable(measured), tableNotes.curves),
    ),
    ...section('One request, and what workers cost each other', table(costTable(measured), tableNotes.costs)),
    ...section('What the table costs', [
      ...growthCharts(measured).flatMap((chart) => drawLoadChart(chart, { width, colours })),
      ...table(growthTable(measured), tableNotes.growth),
    ]),
    ...section(
      'How to read this',
      capacityNotes(measured).flatMap((text) => wrap(text, width, '  ')),
    ),
  ]
  return `${lines.join('\n')}\n`
}
