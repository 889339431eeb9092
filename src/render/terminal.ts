// A run on a terminal: verdict, reasons, three charts, the figures behind them.
// It is what an operator reads first, so the decision stands on top and the evidence below.
import pc from 'picocolors'
import { latencyChart, refusalChart, rowsChart, type ChartStyle } from './terminalCharts.js'
import {
  classTable,
  faultLines,
  gateTable,
  generatorLines,
  latencyTable,
  timelineTable,
} from './terminalTables.js'
import { headline, latencyTitle, peakSentence, reasons, worldWords } from './story.js'
import { clockTime, counted, duration, plain, wrap } from './text.js'
import type { ReportView } from './view.js'

export interface TerminalOptions {
  /** Width of the terminal in characters. */
  readonly columns: number
  readonly colour: boolean
  /** Where the HTML report stands, if one was written. */
  readonly reportPath?: string
}

export const narrowestColumns = 60
export const widestColumns = 200

/** The whole report as text, ending in a line break. */
export function renderTerminal(view: ReportView, options: TerminalOptions): string {
  const width = Math.max(narrowestColumns, Math.min(widestColumns, Math.floor(options.columns)))
  const style: ChartStyle = { width, colours: pc.createColors(options.colour) }
  const section = (title: string, lines: readonly string[]): string[] =>
    lines.length === 0 ? [] : ['', style.colours.bold(title), ...lines]
  const lines = [
    ...head(view, style),
    ...section('1 Refused requests per second', refusalChart(view, style)),
    ...section('2 Rows in the table `token`', rowsChart(view, style)),
    ...section('3 Response time of Keystone', latencyChart(view, style)),
    ...section('Peaks of refusals', peakLines(view, style)),
    ...section('Requests and refusals', classTable(view, style)),
    ...section(latencyTitle(view), latencyTable(view, style)),
    ...section('Gates', gateTable(view, style)),
    ...section('Timeline', timelineTable(view, style)),
    ...section('Faults', faultLines(view, style)),
    ...section('Load generator', generatorLines(view, style)),
    ...foot(view, options.reportPath),
  ]
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

/** The verdict, why, and the gates: what is left of a report where only the decision counts. */
export function renderVerdict(view: ReportView, { columns, colour }: TerminalOptions): string {
  const width = Math.max(narrowestColumns, Math.min(widestColumns, Math.floor(columns)))
  const style: ChartStyle = { width, colours: pc.createColors(colour) }
  const lines = [...head(view, style), '', ...gateTable(view, style)]
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

function head(view: ReportView, style: ChartStyle): string[] {
  const { header, summary } = view
  const { colours } = style
  const paint = { pass: colours.green, fail: colours.red, inconclusive: colours.yellow }[summary.verdict]
  const verdict = colours.bold(paint(summary.verdict.toUpperCase()))
  const title = wrap(
    `${summary.verdict.toUpperCase()}  ${plain(header.scenario)}: ${headline(view)}`,
    style.width,
  )
  const first = (title[0] ?? '').slice(summary.verdict.length)
  const facts = [
    worldWords(view),
    `${duration(view.coveredSec)} of scenario time${view.interrupted === null ? '' : ` of ${duration(header.durationSec)}`} in ${duration(summary.wallSec)}`,
    counted(header.backends, 'backend'),
    `tokens valid ${duration(header.expirationSec)}`,
  ].join(', ')
  return [
    verdict + first,
    ...title.slice(1),
    ...wrap(facts, style.width).map((line) => colours.dim(line)),
    ...reasons(view).flatMap((reason) => bullet(reason, style.width)),
  ]
}

/** `- text`, with the lines that follow set under the text. */
function bullet(text: string, width: number): string[] {
  return wrap(text, width, '  ').map((line, i) => (i === 0 ? `- ${line.slice(2)}` : line))
}

function peakLines(view: ReportView, style: ChartStyle): string[] {
  const { peaks } = view.summary.rejections
  if (peaks.length === 0) return ['None: no class had a stretch in which its refusals stood out.']
  const digits = `${peaks.length}`.length
  const indent = ' '.repeat(digits + 2)
  return peaks.flatMap((peak, i) =>
    wrap(peakSentence(peak, view.stretches), style.width, indent).map((line, at) =>
      at === 0 ? `${`${i + 1}`.padStart(digits)}  ${line.slice(indent.length)}` : line,
    ),
  )
}

function foot(view: ReportView, reportPath: string | undefined): string[] {
  return [
    '',
    ...(reportPath === undefined ? [] : [`Report  ${plain(reportPath)}`]),
    // Path and command are whole, however long they are, so that they can be copied.
    `Again   ${plain(view.header.command)}`,
    ...(view.interrupted === null
      ? []
      : [`Ended   at ${clockTime(view.coveredSec)} of ${clockTime(view.header.durationSec)}`]),
  ]
}
