// The series of a run as tables: which there are, their columns with units, and the rows that each line of the record gives.
// It exists so that CSV and JSON are the same figures under the same names, made line by line.
import type {
  Count,
  EventLine,
  IntervalLine,
  RefusalCount,
  SeriesLine,
  TableLine,
} from '../measure/record.js'

export type SeriesCell = string | number | boolean | null
export type SeriesRow = readonly SeriesCell[]

/** One table. A unit stands last in a column's name: `_sec` is scenario time, `_ms` the time in which responses are measured. */
export interface SeriesTable {
  /** The name of its file, without `.csv`. */
  readonly name: string
  readonly columns: readonly string[]
  readonly rowsOf: (line: SeriesLine) => readonly SeriesRow[]
}

const ofIntervals = (
  name: string,
  columns: readonly string[],
  rowsOf: (line: IntervalLine) => readonly SeriesRow[],
): SeriesTable => ({
  name,
  columns: ['from_sec', ...columns],
  rowsOf: (line) =>
    line.kind === 'interval' ? rowsOf(line).map((row): SeriesRow => [line.fromSec, ...row]) : [],
})

const countRow = ({ clientClass, leg, op, outcome, status, cause, node, n }: Count): SeriesRow => [
  clientClass,
  leg,
  op,
  outcome,
  status,
  cause,
  node,
  n,
]

const refusalRow = (refusal: RefusalCount): SeriesRow => {
  const { clientClass, leg, cause, node, format, age, key, inferred, verdict, n } = refusal
  return [clientClass, leg, cause, node, format, age, key, inferred, verdict, n]
}

const latencyRows = ({ latency }: IntervalLine): readonly SeriesRow[] =>
  Object.entries(latency).map(([op, { n, p50Ms, p95Ms, p99Ms, maxMs, meanMs, sdMs }]): SeriesRow => [
    op,
    n,
    p50Ms,
    p95Ms,
    p99Ms,
    maxMs,
    meanMs ?? null,
    sdMs ?? null,
  ])

const memberRows = ({ membersHit = {}, memberWithoutSec = {} }: IntervalLine): readonly SeriesRow[] =>
  [...new Set([...Object.keys(membersHit), ...Object.keys(memberWithoutSec)])]
    .sort()
    .map((name): SeriesRow => [name, membersHit[name] ?? 0, memberWithoutSec[name] ?? null])

const eventRow = (line: EventLine): SeriesRow => {
  const { event, label, origin, dueSec, startedSec, endedSec, tookMs, ok, note } = line
  const { node = null, target = null, to = null, fault = null, rowsDeleted = null } = line
  return [
    event,
    label,
    origin,
    dueSec,
    startedSec,
    endedSec,
    tookMs,
    ok,
    note,
    node,
    target,
    to,
    fault,
    rowsDeleted,
  ]
}

const lookRow = ({ atSec, rows, bytes }: TableLine): SeriesRow => [atSec, rows, bytes]

/** All series of a record. */
export const seriesTables: readonly SeriesTable[] = [
  ofIntervals(
    'counts',
    ['class', 'leg', 'op', 'outcome', 'status', 'cause', 'node', 'requests'],
    ({ counts }) => counts.map(countRow),
  ),
  ofIntervals(
    'refusals',
    ['class', 'leg', 'cause', 'node', 'format', 'age', 'key', 'inferred', 'verdict', 'requests'],
    ({ refusals = [] }) => refusals.map(refusalRow),
  ),
  ofIntervals(
    'latency',
    ['op', 'responses', 'p50_ms', 'p95_ms', 'p99_ms', 'max_ms', 'mean_ms', 'sd_ms'],
    latencyRows,
  ),
  ofIntervals('lateness', ['requests', 'p50_ms', 'p99_ms', 'max_ms'], ({ lateness }) =>
    lateness === null ? [] : [[lateness.n, lateness.p50Ms, lateness.p99Ms, lateness.maxMs]],
  ),
  ofIntervals('tokens', ['uuid_accepted_tokens', 'inserted_rows'], ({ uuidTokensSeen, rowsInserted }) =>
    uuidTokensSeen === undefined && rowsInserted === undefined
      ? []
      : [[uuidTokensSeen ?? null, rowsInserted ?? 0]],
  ),
  ofIntervals('members', ['class', 'first_hit_members', 'longest_without_sec'], memberRows),
  {
    name: 'table',
    columns: ['at_sec', 'rows', 'bytes'],
    rowsOf: (line) => (line.kind === 'table' ? [lookRow(line)] : []),
  },
  {
    name: 'events',
    columns: [
      'event',
      'label',
      'origin',
      'due_sec',
      'started_sec',
      'ended_sec',
      'took_ms',
      'ok',
      'note',
      'node',
      'target',
      'to',
      'fault',
      'deleted_rows',
    ],
    rowsOf: (line) => (line.kind === 'event' ? [eventRow(line)] : []),
  },
]

/** A field by RFC 4180: quoted where it holds a comma, a quote or a line break, with its quotes doubled. Null is empty. */
const csvField = (cell: SeriesCell): string => {
  const text = cell === null ? '' : String(cell)
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text
}

/** A line of CSV by RFC 4180, with its line break. */
export const csvLine = (row: SeriesRow): string => `${row.map(csvField).join(',')}\r\n`

/** A row as an object with the columns for names. */
export const seriesObject = (
  columns: readonly string[],
  row: SeriesRow,
): Readonly<Record<string, SeriesCell>> =>
  Object.fromEntries(columns.map((column, i) => [column, row[i] ?? null]))
