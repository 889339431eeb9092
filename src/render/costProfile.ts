// A cost profile as text: what each operation costs, and the closed loops that say so.
// It exists so that whoever measured a Keystone sees at once what came of it.
import type { CostProfile } from '../scenario/costs/profile.js'
import { drawTable } from './columns.js'
import { wrap } from './text.js'

const figure = (value: number): string =>
  value < 10 ? value.toFixed(2) : value < 100 ? value.toFixed(1) : value.toFixed(0)

const table = (
  heads: readonly string[],
  rows: readonly (readonly string[])[],
  left: readonly number[],
  width: number,
): string =>
  drawTable(
    heads,
    rows.map((row) => row.map((text) => ({ text }))),
    { width, left, paintHead: (text) => text },
  ).join('\n')

/** The profile as lines, no wider than `columns`. */
export const renderProfile = (profile: CostProfile, columns: number): string => {
  const rows = profile.rows.map(({ provider, cache, op, alone, busy }) => [
    op,
    provider,
    cache,
    figure(alone.p50Ms),
    figure(alone.p50Ms * Math.exp(1.6448536269514722 * alone.spread)),
    busy.map(({ inSystem, meanMs }) => `${figure(meanMs)} at ${inSystem}`).join(', '),
  ])
  const points = profile.points.map((point) => [
    point.op,
    point.provider,
    point.cache,
    String(point.concurrency),
    figure(point.perSec),
    figure(point.p50Ms),
    figure(point.p95Ms),
    figure(point.p99Ms),
  ])
  return [
    `Cost profile ${profile.name}: ${profile.workers} single-threaded worker${profile.workers === 1 ? '' : 's'}`,
    ...wrap(profile.about, columns),
    '',
    'Milliseconds in a worker: alone, and the mean with so many requests there',
    table(['operation', 'provider', 'cache', 'p50', 'p95', 'busy'], rows, [0, 1, 2, 5], columns),
    '',
    'Closed loops: requests a second, response times in milliseconds',
    table(
      ['operation', 'provider', 'cache', 'clients', 'per s', 'p50', 'p95', 'p99'],
      points,
      [0, 1, 2],
      columns,
    ),
    '',
  ].join('\n')
}
