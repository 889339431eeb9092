// The tables of the terminal: requests and refusals, response times, gates, timeline, faults, generator.
// Sums are those of the rows above them, so that a reader can add them up.
import { drawTable, type Cell } from './columns.js'
import { faultHeads, faultNotes, faultRows } from './faults.js'
import { generatorLoadText } from './generatorLoad.js'
import type { ChartStyle } from './terminalCharts.js'
import { clockTime, count, counted, milliseconds, plain, share, wrap } from './text.js'
import { gateValue, windowName } from './story.js'
import type { LatencySummary } from '../measure/record.js'
import type { ReportView, ViewEvent } from './view.js'

/** Requests and refusals of each class, its causes beneath it, and the sums of both. */
export function classTable(view: ReportView, style: ChartStyle): string[] {
  if (view.classes.length === 0) return ['No class of clients made a request.']
  const { dim, bold } = style.colours
  const rows: Cell[][] = []
  const add = (
    name: string,
    requests: number,
    rejected: number,
    others: number,
    paint?: (text: string) => string,
  ): void => {
    const figures = [count(requests), count(rejected), share(rejected, requests), count(others)]
    rows.push([name, ...figures].map((text) => (paint === undefined ? { text } : { text, paint })))
  }
  const causes = new Map<string, number>()
  for (const each of view.classes) {
    add(plain(each.name), each.requests, each.rejected, each.failed + each.timeout + each.shed)
    for (const { cause, total } of each.byCause) {
      causes.set(cause, (causes.get(cause) ?? 0) + total)
      rows.push([{ text: `  ${cause}`, paint: dim }, { text: '' }, { text: count(total), paint: dim }])
    }
  }
  const sum = (pick: (each: ReportView['classes'][number]) => number): number =>
    view.classes.reduce((total, each) => total + pick(each), 0)
  add(
    'all',
    sum((each) => each.requests),
    sum((each) => each.rejected),
    sum(otherOutcomes),
    bold,
  )
  for (const [cause, total] of [...causes].sort((a, b) => b[1] - a[1])) {
    rows.push([{ text: `  ${cause}` }, { text: '' }, { text: count(total) }])
  }
  const failed = sum((each) => each.failed)
  const timeout = sum((each) => each.timeout)
  const shed = sum((each) => each.shed)
  const note =
    failed + timeout + shed === 0
      ? []
      : wrap(
          `Other failures: ${count(failed)} failed, ${count(timeout)} timed out, ${count(shed)} shed.`,
          style.width,
        )
  return [
    ...drawTable(['class / cause', 'requests', 'refused', 'share', 'other failures'], rows, {
      width: style.width,
      left: [0],
      paintHead: dim,
    }),
    ...note,
  ]
}

const otherOutcomes = (each: ReportView['classes'][number]): number => each.failed + each.timeout + each.shed

/** Whole windows before and after; the time-lapse is in neither. */
export function latencyTable(view: ReportView, style: ChartStyle): string[] {
  const rows: Cell[][] = []
  for (const row of view.latencyRows) {
    for (const [when, window] of [
      ['before', row.before],
      ['after', row.after],
    ] as const) {
      if (window.count === 0) continue
      rows.push(
        [row.op, windowName(view, when), count(window.count), ...latencyCells(window)].map((text) => ({
          text,
        })),
      )
    }
  }
  if (rows.length === 0) return ['Nothing was measured in either window.']
  const heads = ['operation', 'window', 'requests', 'p50', 'p95', 'p99', 'max']
  const approximate = view.latencyApproximate
    ? wrap('Put together from the intervals, as the run was killed: good to a few percent.', style.width)
    : []
  return [
    ...drawTable(heads, rows, { width: style.width, left: [0, 1], paintHead: style.colours.dim }),
    ...approximate,
  ]
}

const latencyCells = (window: LatencySummary): string[] =>
  [window.p50Ms, window.p95Ms, window.p99Ms, window.maxMs].map(milliseconds)

export function gateTable(view: ReportView, style: ChartStyle): string[] {
  const { gates } = view.summary
  if (gates.length === 0) return ['None were set.']
  const { green, red, yellow, dim } = style.colours
  const paints = { pass: green, fail: red, 'no-data': yellow }
  const rows = gates.map((gate): Cell[] => [
    { text: gate.result, paint: paints[gate.result] },
    { text: gateValue(gate.observed, gate.unit) },
    { text: gateValue(gate.limit, gate.unit) },
    { text: plain(gate.note === '' ? gate.gate : `${gate.gate} (${gate.note})`) },
  ])
  return drawTable(['result', 'observed', 'limit', 'gate'], rows, {
    width: style.width,
    left: [0, 3],
    paintHead: dim,
  })
}

/** What was asked for and what was done; what the clock did by itself is summed up in one row for each kind. */
export function timelineTable(view: ReportView, style: ChartStyle): string[] {
  if (view.events.length === 0) return ['Nothing happened in the part of the run that was recorded.']
  const row = (event: ViewEvent): Cell[] =>
    [
      clockTime(event.dueSec),
      clockTime(event.startedSec),
      clockTime(event.endedSec),
      `${event.ok ? '' : 'FAILED '}${plain(event.label)}${event.note === '' ? '' : `: ${plain(event.note)}`}`,
    ].map((text) => (event.ok ? { text } : { text, paint: style.colours.red }))
  const own = view.events.filter((event) => event.origin !== 'clock' || !event.ok)
  const lines =
    own.length === 0
      ? []
      : drawTable(['due', 'started', 'ended', 'what'], own.map(row), {
          width: style.width,
          left: [3],
          paintHead: style.colours.dim,
        })
  const byLabel = new Map<string, ViewEvent[]>()
  for (const event of view.events) {
    if (event.origin !== 'clock' || !event.ok) continue
    byLabel.set(event.label, [...(byLabel.get(event.label) ?? []), event])
  }
  const clock = [...byLabel].flatMap(([label, events]) => {
    const [first, last] = [events[0], events.at(-1)]
    if (first === undefined || last === undefined) return []
    const when =
      events.length === 1
        ? `at ${clockTime(first.startedSec)}`
        : `from ${clockTime(first.startedSec)} to ${clockTime(last.startedSec)}`
    return wrap(`By the clock: ${plain(label)}, ${counted(events.length, 'time')}, ${when}.`, style.width)
  })
  return [...lines, ...clock]
}

/** What went wrong by itself or did not succeed; then each fault, planned or not, with what it did. */
export function faultLines(view: ReportView, style: ChartStyle): string[] {
  const own = view.events.filter((event) => event.origin === 'fault' || !event.ok)
  const rows = faultRows(view)
  if (own.length === 0 && rows.length === 0) return ['None.']
  const lines = own.flatMap((fault) => {
    const note = fault.note === '' ? '' : `: ${plain(fault.note)}`
    return wrap(`${clockTime(fault.startedSec)} ${plain(fault.label)}${note}`, style.width, '  ').map(
      (line) => style.colours.red(line.slice(2)),
    )
  })
  if (rows.length === 0) return lines
  return [
    ...lines,
    ...drawTable(
      // The last column is words rather than figures; a terminal has room for them below.
      faultHeads.slice(0, -1),
      rows.map((row) => row.slice(0, -1).map((text) => ({ text }))),
      { width: style.width, left: [1], paintHead: style.colours.dim },
    ),
    ...faultNotes(view, { degradation: true }).flatMap((note) =>
      wrap(note, style.width, '  ').map((line) => line.slice(2)),
    ),
  ]
}

export function generatorLines(view: ReportView, style: ChartStyle): string[] {
  const { generator } = view.summary
  if (view.summary.requests.total === 0) return ['Nothing was sent, so nothing is known of it.']
  const late = generator.latenessP99Ms > view.header.latenessLimitMs
  const words = late ? 'too late to trust the response times' : 'in time'
  return wrap(
    `Sent ${words}: late by p50 ${milliseconds(generator.latenessP50Ms)}, p99 ${milliseconds(generator.latenessP99Ms)} (allowed ${milliseconds(view.header.latenessLimitMs)}), at most ${milliseconds(generator.latenessMaxMs)}; ${counted(generator.shed, 'request')} shed.${generatorLoadText(view)}`,
    style.width,
  )
}
