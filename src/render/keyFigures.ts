// The figures of the first screen: refusals, rows, response times, and whether the generator was in time.
// They stand apart from the sentences, as a page shows them beside each other and a reader compares them.
import { change, hasSwitched, refusedSpan } from './story.js'
import { bytes, clockTime, count, duration, milliseconds, rate, share } from './text.js'
import type { ReportView } from './view.js'

/** One figure of the first screen. */
export interface KeyFigure {
  readonly label: string
  readonly value: string
  readonly note: string
}

/** The interval with the most refusals of all classes together. */
export function highestRefusals(
  view: ReportView,
): { readonly perSec: number; readonly atSec: number } | null {
  const sums: number[] = []
  for (const series of view.refusals.byClass) {
    series.perInterval.forEach((n, i) => (sums[i] = (sums[i] ?? 0) + n))
  }
  let best = -1
  for (let i = 0; i < sums.length; i++) if ((sums[i] ?? 0) > (sums[best] ?? 0)) best = i
  if (best === -1) return null
  return { perSec: (sums[best] ?? 0) / view.intervalSec, atSec: best * view.intervalSec }
}

/** The figures of the first screen. */
export function keyFigures(view: ReportView): KeyFigure[] {
  const { requests, rejections, tokenTable, generator } = view.summary
  const highest = highestRefusals(view)
  const span = refusedSpan(view)
  const switched = hasSwitched(view)
  const latency = (op: string, name: string): KeyFigure => {
    const row = view.latencyRows.find((each) => each.op === op)
    const [before, after] = [row?.before ?? null, row?.after ?? null]
    if (!switched)
      return {
        label: `${name} p99`,
        value: milliseconds(p99(before)),
        note: `p50 ${milliseconds(p50(before))}; no backend has switched`,
      }
    return {
      label: `${name} p99`,
      value: change(p99(before), p99(after)),
      note: `p50 ${change(p50(before), p50(after))}; before → after`,
    }
  }
  return [
    {
      label: 'Refused requests',
      value: count(rejections.total),
      note: `of ${count(requests.total)} (${share(rejections.total, requests.total)})`,
    },
    {
      label: 'Highest refusal rate',
      value: highest === null ? 'none' : rate(highest.perSec),
      note:
        highest === null
          ? 'no request was refused'
          : `at ${clockTime(highest.atSec)}, over ${duration(view.intervalSec)}`,
    },
    {
      label: 'Time with refusals',
      value: span === null ? 'none' : duration(span.toSec - span.fromSec),
      note: span === null ? '' : `first ${clockTime(span.fromSec)}, last ${clockTime(span.toSec)}`,
    },
    {
      label: 'Rows in token',
      value: switched
        ? `${countOr(tokenTable.rowsAtCutover)} → ${countOr(tokenTable.rowsEnd)}`
        : countOr(tokenTable.rowsEnd),
      note: rowsNote(view),
    },
    latency('validate', 'Validate'),
    latency('issue', 'Issue'),
    {
      label: 'Sent late by, p99',
      value: requests.total === 0 ? '–' : milliseconds(generator.latenessP99Ms),
      note: `allowed ${milliseconds(view.header.latenessLimitMs)}; ${count(generator.shed)} shed`,
    },
  ]
}

const p50 = (window: { count: number; p50Ms: number } | null): number | null =>
  window === null || window.count === 0 ? null : window.p50Ms
const p99 = (window: { count: number; p99Ms: number } | null): number | null =>
  window === null || window.count === 0 ? null : window.p99Ms
const countOr = (value: number | null): string => (value === null ? '–' : count(value))

function rowsNote(view: ReportView): string {
  const { emptyAtSec, bytesAtCutover } = view.summary.tokenTable
  const size = bytesAtCutover === null ? '' : `; ${bytes(bytesAtCutover)} at the switch`
  const ends = hasSwitched(view) ? 'at the switch → at the end' : 'at the end'
  const when =
    emptyAtSec === null
      ? ends
      : emptyAtSec === 0
        ? 'empty from the start'
        : `empty at ${clockTime(emptyAtSec)}`
  return `${when}${size}`
}
