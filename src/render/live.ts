// A run while it goes on: a block of lines for a terminal that can hold it, and lines that follow one another for the rest.
// Pure, like every view: figures so far in, text out; where and how often it is written is not decided here.
import pc from 'picocolors'
import { timeLapseSpeed } from '../base/time.js'
import type { CauseFigure, LiveFigures } from '../measure/liveFigures.js'
import { drawMarks, drawPanel, drawTimeAxis, highestPerColumn, lastPerColumn, type Frame } from './charts.js'
import { clockTime, count, duration, figure, fit, milliseconds, plain, rate } from './text.js'

/** A piece of work with a known end: rows of the seed, rows that a flush deletes. */
export interface LiveWork {
  readonly text: string
  readonly done: number
  readonly total: number
  readonly leftSec: number | null
}

export interface LiveView {
  readonly scenario: string
  /** `local world on sqlite, seed 1`. */
  readonly where: string
  readonly nowSec: number
  readonly durationSec: number
  readonly intervalSec: number
  readonly speed: number
  /** Real seconds to the end; null while nothing can be said. */
  readonly leftSec: number | null
  readonly figures: LiveFigures
  /** The step of the timeline that comes next. */
  readonly next: { readonly atSec: number; readonly label: string } | null
  /** The step that waits for a person, until `latestSec` at most. */
  readonly awaited: { readonly label: string; readonly latestSec: number } | null
  /** What goes on beside the run. */
  readonly work: LiveWork | null
  /** No more requests are begun; what is under way ends. */
  readonly windingDown: boolean
}

/** What a terminal must hold for the block. */
export const blockColumnsLeast = 100
export const blockRowsLeast = 24
/** A longer line is hard to read, and costs the load generator time to draw. */
const blockColumnsMost = 160

export interface BlockStyle {
  readonly columns: number
  readonly rows: number
  readonly colour: boolean
}

const gutter = 12

/** Heights of the block's parts. They follow from the terminal alone, so that the block never jumps. */
const heightsOf = (rows: number): { refusals: number; table: number; causes: number } =>
  rows >= 44
    ? { refusals: 10, table: 8, causes: 8 }
    : rows >= 32
      ? { refusals: 5, table: 5, causes: 6 }
      : { refusals: 4, table: 2, causes: 3 }

/** The block: always as many lines for the same terminal, none longer than it holds, the last one short. */
export function renderLiveBlock(view: LiveView, { columns, rows, colour }: BlockStyle): string[] {
  const width = Math.min(blockColumnsMost, columns) - 1
  const { bold, dim, red, cyan } = pc.createColors(colour)
  const heights = heightsOf(rows)
  const { figures } = view
  const frame: Frame = {
    fromSec: 0,
    toSec: Math.max(view.nowSec, view.intervalSec),
    gutter,
    columns: width - gutter,
  }
  const perSec = figures.refusedPerInterval.map((n) => n / view.intervalSec)
  const fromSec = perSec.map((_, at) => at * view.intervalSec)
  const refused = highestPerColumn({ fromSec, values: perSec }, view.intervalSec, frame)
  const table = lastPerColumn({ atSec: figures.rows.atSec, values: figures.rows.rows }, frame)
  const head = fit(`${plain(view.scenario)}  ${view.where}  ${phaseText(view)}`, width)
  const marks = figures.events.map((event) => ({ atSec: event.startedSec, letter: event.ok ? '▲' : '!' }))
  const panel = (values: readonly (number | null)[], title: string, height: number, paint: typeof red) =>
    drawPanel({ lines: [{ values, style: 'solid', paint }], height, unit: '', title }, frame)
  return [
    bold(head),
    ...[progressLine(view, width), callsLine(view), stateLine(view), eventsLine(view)].map((line) =>
      fit(line, width),
    ),
    ...panel(refused, 'refused per second of scenario time', heights.refusals, red),
    ...panel(table, 'rows in the table `token`', heights.table, cyan),
    ...drawTimeAxis(frame),
    drawMarks(marks, frame),
    ...causeLines(view, heights.causes, width).map((line, i) => (i === 0 ? dim(line) : line)),
    dim('Ctrl-C: wind down and report'),
  ]
}

/** The block before the run: what is being done, how much of it, and how long it will take. */
export function renderWorkBlock(title: string, work: LiveWork, { columns, colour }: BlockStyle): string[] {
  const width = Math.min(blockColumnsMost, columns) - 1
  const { bold } = pc.createColors(colour)
  return [bold(fit(plain(title), width)), fit(workText(work, work.total > 1 ? 30 : 0), width)]
}

/** `seeding ━━━━──── 120,000 of 300,000 rows, about 4 s left`. */
export function workText({ text, done, total, leftSec }: LiveWork, barColumns = 0): string {
  if (total <= 1) return text
  const [verb = '', ...things] = text.split(' ')
  const bar = barColumns > 0 ? ` ${drawBar(done / total, barColumns)}` : ':'
  const amount = `${count(done)} of ${count(Math.max(done, total))} ${things.join(' ')}`
  return `${verb}${bar} ${amount}${leftText(leftSec)}`
}

const leftText = (leftSec: number | null): string =>
  leftSec === null ? '' : `, about ${duration(Math.max(1, Math.round(leftSec)))} left`

/** `×45`; nothing where time runs as in life, or jumps. */
const paceText = (speed: number): string => (speed === 1 ? '' : `×${figure(speed)}`)

function drawBar(share: number, columns: number): string {
  const full = Math.round(Math.max(0, Math.min(1, share)) * columns)
  return '━'.repeat(full) + '─'.repeat(columns - full)
}

const phaseText = ({ windingDown, speed, figures, nowSec }: LiveView): string => {
  if (windingDown) return 'winding down'
  if (nowSec <= 0) return 'starting'
  return speed > timeLapseSpeed ? `${figures.phase}, time-lapse` : figures.phase
}

function progressLine(view: LiveView, width: number): string {
  const { nowSec, durationSec, speed, leftSec, work } = view
  const times = `${clockTime(nowSec)} of ${clockTime(durationSec)}`
  const rest = `${paceText(speed)}${leftText(leftSec)}${work === null ? '' : `  ${workText(work)}`}`.replace(
    /^, /,
    '',
  )
  const bar = Math.max(10, Math.min(60, width - times.length - rest.length - 2))
  return `${times} ${drawBar(nowSec / durationSec, bar)} ${rest}`
}

function callsLine({ figures, speed }: LiveView): string {
  const { ok, rejected, failed, timeout, shed } = figures.outcomes
  const rates = figures.rates()
  const real = rates === null || speed === 1 ? '' : ` (really ${rate(rates.atKeystonePerSec * speed)})`
  const pace =
    rates === null
      ? 'Calls –'
      : `Calls ${rate(rates.callsPerSec)}, to Keystone ${rate(rates.atKeystonePerSec)}${real}`
  const counts = `${count(ok)} good, ${count(rejected)} refused, ${count(failed + timeout + shed)} failed, timed out or shed`
  return `${pace}   ${counts}`
}

function stateLine({ figures }: LiveView): string {
  const { validate, issue } = figures.latency
  const rows = figures.rows.rows.at(-1)
  const late = figures.latenessP99Ms
  return [
    `p99 validate ${milliseconds(validate?.p99Ms ?? null)}, issue ${milliseconds(issue?.p99Ms ?? null)}`,
    `rows ${rows === undefined ? '–' : count(rows)}`,
    `sent late by p99 ${milliseconds(late)}`,
  ].join('   ')
}

function eventsLine({ figures, next, awaited }: LiveView): string {
  const last = figures.events.at(-1)
  const said = (atSec: number, label: string): string => `${clockTime(atSec)} ${plain(label)}`
  const before = last === undefined ? '–' : `${said(last.startedSec, last.label)}${last.ok ? '' : ' FAILED'}`
  return `Last event ${before}   next ${next === null ? '–' : said(next.atSec, next.label)}${awaitedText(awaited)}`
}

const awaitedText = (awaited: LiveView['awaited']): string =>
  awaited === null
    ? ''
    : `   waits for you: ${plain(awaited.label)}, by ${clockTime(awaited.latestSec)} at the latest`

function causeLines({ figures }: LiveView, most: number, width: number): string[] {
  const causes = figures.byCause()
  const shown = causes.length <= most ? causes : causes.slice(0, most - 1)
  const rest = causes.slice(shown.length)
  const sum = (pick: (each: CauseFigure) => number): number => rest.reduce((n, each) => n + pick(each), 0)
  const all =
    rest.length === 0
      ? shown
      : [
          ...shown,
          {
            cause: `${rest.length} other causes`,
            total: sum(({ total }) => total),
            recent: sum(({ recent }) => recent),
          },
        ]
  const line = (name: string, total: string, recent: string): string =>
    fit(`${fit(name, 30).padEnd(30)} ${total.padStart(10)} ${recent.padStart(14)}`, width)
  const head = line(
    'Refusals by cause',
    'so far',
    figures.recentSec > 0 ? `last ${duration(figures.recentSec)}` : 'lately',
  )
  const lines = all.map(({ cause, total, recent }) => line(plain(cause), count(total), count(recent)))
  if (causes.length === 0) lines.push('none')
  return [head, ...lines, ...new Array<string>(Math.max(0, most - lines.length)).fill('')]
}

/** Columns of a line where nobody said how many there are. */
const lineColumns = 80

/** The line that says what is about to be run. */
export function renderLiveOpening({ scenario, where, durationSec, leftSec }: LiveView): string {
  const takes = leftSec === null ? '' : `, about ${duration(Math.max(1, Math.round(leftSec)))}`
  return fit(`running: ${plain(scenario)} for ${clockTime(durationSec)}, ${where}${takes}`, lineColumns)
}

/** What a plain line was last told, so that the next one says what is new. */
export interface Told {
  readonly events: number
  readonly byCause: Readonly<Record<string, number>>
}

export const toldNothing: Told = { events: 0, byCause: {} }

/** Lines for a log or a narrow terminal: events since the last ones, the state in a line, new refusals by cause. */
export function renderLiveLines(view: LiveView, told: Told): { lines: string[]; told: Told } {
  const { figures } = view
  const events = figures.events.slice(told.events).map(
    ({ startedSec, endedSec, label, ok, note }) =>
      // A switch of several backends is told when the last one is done, after its parts.
      `${clockTime(startedSec)} ${plain(label)}${ok && endedSec - startedSec >= 10 ? `, done at ${clockTime(endedSec)}` : ''}${ok ? '' : ` FAILED${note === '' ? '' : `: ${plain(note)}`}`}`,
  )
  const causes = figures.byCause()
  const fresh = causes.flatMap(({ cause, total }) => {
    const n = total - (told.byCause[cause] ?? 0)
    return n > 0 ? [`${plain(cause)} +${count(n)}`] : []
  })
  const refused = fresh.length === 0 ? [] : [`  refused: ${fresh.join(', ')}`]
  const work = view.work === null ? [] : [`  ${workText(view.work)}`]
  const lines = [...events, stateInLine(view), ...refused, ...work].map((line) => fit(line, lineColumns))
  return {
    lines,
    told: {
      events: figures.events.length,
      byCause: Object.fromEntries(causes.map(({ cause, total }) => [cause, total])),
    },
  }
}

/** The most important first: what does not fit is left away. */
function stateInLine({ nowSec, speed, leftSec, figures, windingDown }: LiveView): string {
  const rates = figures.rates()
  const rows = figures.rows.rows.at(-1)
  const p99 = figures.latency.validate?.p99Ms ?? null
  const parts = [
    `${clockTime(nowSec)} ${paceText(speed)}`.trim(),
    windingDown
      ? 'winding down'
      : leftSec === null
        ? ''
        : `${duration(Math.max(1, Math.round(leftSec)))} left`,
    rates === null ? '' : rate(rates.callsPerSec),
    `refused ${count(figures.outcomes.rejected)}`,
    rows === undefined ? '' : `rows ${count(rows)}`,
    p99 === null ? '' : `p99 ${milliseconds(p99)}`,
  ]
  let line = ''
  for (const part of parts) {
    if (part === '') continue
    const longer = line === '' ? part : `${line}  ${part}`
    if (longer.length > lineColumns) break
    line = longer
  }
  return line
}
