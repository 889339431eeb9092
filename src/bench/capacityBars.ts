// What a measurement of capacity promises whatever the machine: everybody counts alike, rows by format, Fernet without a table.
// It exists apart from the measuring, so that a small measurement inside the tests is held against the same bars.
import type { JudgedPoint } from '../plan/capacityPoint.js'
import type { MeasuredCapacity } from '../plan/measuredCapacity.js'
import type { BarRow } from './barRow.js'

/** How much more a Fernet validation may take over the largest table than over the smallest; noise, since it asks for no row. */
const fernetGrowthMost = 1.5

const rowsPerIssue = (points: readonly JudgedPoint[], mode: string): { rows: number; issues: number } => {
  const own = points.filter(
    (point) => point.mode === mode && point.op === 'issue' && point.rejected.length === 0,
  )
  return {
    rows: own.reduce((sum, { rowsAdded }) => sum + rowsAdded, 0),
    issues: own.reduce((sum, { served }) => sum + (served['issue 201'] ?? 0), 0),
  }
}

export const capacityBars = ({ points, growth }: MeasuredCapacity): BarRow[] => {
  const good = points.filter(({ rejected }) => rejected.length === 0).length
  const uuid = rowsPerIssue(points, 'uuid')
  const fernet = rowsPerIssue(points, 'fernet')
  const rows: BarRow[] = [
    {
      name: 'points with good answers only, counted alike by generator, backends and table; floor: all points',
      value: good,
      unit: 'points',
      floor: points.length,
      ratio: good / points.length,
      rule: '≥',
      bar: points.length,
      holds: points.length > 0 && good === points.length,
    },
    {
      name: 'rows written by issues of UUID tokens; floor: the issues',
      value: uuid.rows,
      unit: 'rows',
      floor: uuid.issues,
      ratio: uuid.rows / uuid.issues,
      rule: '±',
      bar: 0,
      holds: uuid.issues > 0 && uuid.rows === uuid.issues,
    },
    {
      name: 'rows written by issues of Fernet tokens; floor: the issues',
      value: fernet.rows,
      unit: 'rows',
      floor: fernet.issues,
      ratio: fernet.rows / fernet.issues,
      rule: '≤',
      bar: 0,
      holds: fernet.issues > 0 && fernet.rows === 0,
    },
  ]
  const costs = growth.flatMap(({ rows: size, validate }) =>
    validate.filter(({ mode }) => mode === 'fernet').map(({ backendMs }) => ({ size, backendMs })),
  )
  const [smallest] = costs
  const largest = costs.at(-1)
  if (smallest === undefined || largest === undefined || smallest === largest) return rows
  const ratio = largest.backendMs / smallest.backendMs
  return [
    ...rows,
    {
      name: `a Fernet validation over ${largest.size.toLocaleString('en-US')} rows, processor time; floor: over ${smallest.size.toLocaleString('en-US')}`,
      value: largest.backendMs,
      unit: 'ms CPU',
      floor: smallest.backendMs,
      ratio,
      rule: '≤',
      bar: fernetGrowthMost * smallest.backendMs,
      holds: ratio <= fernetGrowthMost,
    },
  ]
}
