// The charts of a measurement of capacity, as lines over a logarithmic axis: what is drawn, and not yet how.
// It exists so that terminal and page draw the same lines.
import type { CapacityOp } from '../plan/capacityPoint.js'
import type { MeasuredCapacity } from '../plan/measuredCapacity.js'
import type { LoadChart } from './loadChart.js'
import { counted, figure } from './text.js'

/** UUID and Fernet first, since a terminal has room for few lines. */
const modeOrder = ['uuid', 'fernet', 'dual-fernet', 'dual-uuid']

/** Throughput of the fewest backends by connections; points that count for nothing are left out. */
export const throughputChart = ({ points }: MeasuredCapacity, op: CapacityOp): LoadChart => {
  const backends = Math.min(...points.map((point) => point.backends))
  const good = points.filter(
    (point) => point.op === op && point.backends === backends && point.rejected.length === 0,
  )
  return {
    title: `${op}, ${counted(backends, 'backend')}`,
    unit: 'per s',
    lines: modeOrder
      .map((mode) => ({
        name: mode,
        points: good
          .filter((point) => point.mode === mode)
          .map(({ connections, perSec }) => ({ x: connections, y: perSec })),
      }))
      .filter(({ points: own }) => own.length > 0),
    axis: 'connections',
    label: String,
  }
}

const rowsLabel = (rows: number): string =>
  rows >= 1e6 ? `${figure(rows / 1e6)}M` : rows >= 1000 ? `${figure(rows / 1000)}k` : String(rows)

/** What a validation and a flush cost by the rows of the table; none where that was not measured. */
export const growthCharts = ({ growth }: MeasuredCapacity): readonly LoadChart[] => {
  const costOf = (mode: string) => ({
    name: mode,
    points: growth.flatMap(({ rows, validate }) =>
      validate
        .filter((cost) => cost.mode === mode && cost.rejected.length === 0)
        .map(({ backendMs, databaseMs }) => ({ x: rows, y: backendMs + (databaseMs ?? 0) })),
    ),
  })
  const flush = growth.map(({ rows, flush: { alone } }) => ({ x: rows, y: alone.seconds }))
  const axis = { axis: 'rows', label: rowsLabel }
  return [
    {
      title: 'one validation, processor time of backend and database',
      unit: 'ms',
      lines: [costOf('uuid'), costOf('fernet')],
      ...axis,
    },
    { title: 'token_flush', unit: 's', lines: [{ name: 'an hour’s tokens', points: flush }], ...axis },
  ].filter(({ lines }) => lines.some(({ points }) => points.length > 0))
}
