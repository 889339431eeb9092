// A measurement of capacity as tables and sentences: the answer, points, knees and fits, costs, the growth of the table.
// It exists so that terminal and page show the same figures in the same words.
import type { CapacityAnswer } from '../plan/capacity.js'
import type { CapacityOp, JudgedPoint } from '../plan/capacityPoint.js'
import type { MeasuredCapacity } from '../plan/measuredCapacity.js'
import type { ScalingFit } from '../plan/scalability.js'
import { count, counted, duration, figure, milliseconds, share } from './text.js'

export interface CapacityTable {
  readonly heads: readonly string[]
  readonly rows: readonly (readonly string[])[]
  /** Columns of words; the others are figures. */
  readonly words: readonly number[]
}

const ms = (sec: number): string => milliseconds(sec * 1000)

/** The load as an operator says it. */
export const needWords = ({ need }: MeasuredCapacity): string =>
  `${figure(need.validationsPerSec)} validations/s and ${figure(need.issuesPerSec)} issues/s, ` +
  `${share(need.share, 1)} of each within ${ms(need.withinSec)}, workers at most ${share(need.busyMost, 1)} busy`

/** The answer for one mode, in a sentence. */
export const answerSentence = ({
  mode,
  needed,
  why,
  rowWritesPerSec,
  databaseCores,
  disturbed,
}: CapacityAnswer): string => {
  const beside = disturbed ? ' Measured beside other programs: measure again on a quiet machine.' : ''
  if (needed === null) return `${mode}: no answer: ${why ?? ''}.${beside}`
  const writes =
    rowWritesPerSec === 0
      ? 'no row written to the table token'
      : `${figure(rowWritesPerSec)} rows/s written to the table token (inserted, and deleted by flushes)`
  const database = databaseCores === null ? '' : `; the database is busy for ${figure(databaseCores)} cores`
  const responses = needed.response.map(({ op, sec }) => `${op} ${ms(sec)}`).join(', ')
  return `${mode}: ${counted(needed.workers, 'worker')}, ${share(needed.busyShare, 1)} busy (${responses}); ${writes}${database}.${beside}`
}

/** What was measured, and on what. */
export const settingWords = ({ settings, machine, points }: MeasuredCapacity): string => {
  const { store, release, rows, passwordHash, seconds } = settings
  const hash =
    passwordHash.scheme === 'plain'
      ? 'not hashed'
      : `${passwordHash.scheme}, ${count(passwordHash.rounds)} rounds`
  return (
    `store ${store}, as in ${release}, ${count(rows)} tokens issued before; passwords ${hash}; ` +
    `${counted(points.length, 'point')} of ${duration(seconds)}; ${counted(machine.cpus, 'core')}, Node.js ${machine.node.replace(/^v/, '')}`
  )
}

/** `g`: it measured the generator; `!`: it counts for nothing; `~`: beside a busy machine. */
const markOf = (point: JudgedPoint): string =>
  point.rejected.length > 0 ? '!' : point.bound === 'generator' ? 'g' : point.disturbed ? '~' : ''

const different = <T>(values: readonly T[]): readonly T[] => [...new Set(values)]
const rising = (values: readonly number[]): readonly number[] => [...different(values)].sort((a, b) => a - b)

/** A row for each mode and number of backends, a column for each number of connections. */
export const pointTable = ({ points }: MeasuredCapacity, op: CapacityOp): CapacityTable => {
  const own = points.filter((point) => point.op === op)
  const connections = rising(own.map((point) => point.connections))
  const cell = (point: JudgedPoint | undefined): string =>
    point === undefined ? '' : `${count(point.perSec)}${markOf(point)} · ${figure(point.latency.p99Ms)}`
  return {
    heads: ['provider', 'backends', ...connections.map(String)],
    rows: different(own.map(({ mode }) => mode)).flatMap((mode) =>
      rising(own.map((point) => point.backends)).map((backends) => {
        const line = own.filter((point) => point.mode === mode && point.backends === backends)
        return [
          mode,
          String(backends),
          ...connections.map((open) => cell(line.find((point) => point.connections === open))),
        ]
      }),
    ),
    words: [0],
  }
}

const withError = (value: number, error: number | null): string =>
  error === null ? figure(value) : `${figure(value)} ± ${figure(error)}`

export const curveTable = ({ curves }: MeasuredCapacity): CapacityTable => ({
  heads: ['provider', 'operation', 'backends', 'knee', 'per s', 'p99 ms', 'λ', 'σ', 'κ', 'peak'],
  rows: curves.map(({ mode, op, backends, knee, fit, peakConnections }) => [
    mode,
    op,
    String(backends),
    ...(knee === null ? ['–', '–', '–'] : [String(knee.connections), count(knee.perSec), figure(knee.p99Ms)]),
    ...(fit === null
      ? ['–', '–', '–']
      : [
          withError(fit.lambda, fit.errors.lambda),
          withError(fit.sigma, fit.errors.sigma),
          withError(fit.kappa, fit.errors.kappa),
        ]),
    peakConnections === null ? '–' : count(peakConnections),
  ]),
  words: [0, 1],
})

const growthCells = (fit: ScalingFit | null): string[] =>
  fit === null ? ['–', '–'] : [withError(fit.sigma, fit.errors.sigma), withError(fit.kappa, fit.errors.kappa)]

export const costTable = ({ costs }: MeasuredCapacity): CapacityTable => ({
  heads: ['provider', 'operation', 'worker ms', 'worker/s', 'p50', 'p99', 'db ms', 'rows', 'σ', 'κ', 'cores'],
  rows: costs.map((cost) => [
    cost.mode,
    cost.op,
    `${figure(cost.busySec * 1000)}${cost.saturated ? '' : '?'}`,
    count(1 / cost.busySec),
    ms(cost.alone.p50Sec),
    ms(cost.alone.p99Sec),
    cost.databaseSec === null ? '–' : figure(cost.databaseSec * 1000),
    figure(cost.rowsWritten),
    ...growthCells(cost.byWorkers),
    figure(cost.coresMost),
  ]),
  words: [0, 1],
})

/** Of fewer answers a p99 says nothing. */
const answersLeast = 100

export const growthTable = ({ growth }: MeasuredCapacity): CapacityTable => ({
  heads: ['rows', 'provider', 'per s', 'p50', 'p99', 'backend ms', 'db ms', 'flush', 'rows/s', 'p99 in it'],
  rows: growth.flatMap(({ rows, validate, flush: { alone, whileValidating } }) =>
    validate.map((cost, i) => [
      i === 0 ? count(rows) : '',
      cost.mode,
      `${count(cost.perSec)}${cost.rejected.length > 0 ? '!' : cost.disturbed ? '~' : ''}`,
      milliseconds(cost.p50Ms),
      milliseconds(cost.p99Ms),
      figure(cost.backendMs),
      cost.databaseMs === null ? '–' : figure(cost.databaseMs),
      ...(i > 0
        ? ['', '', '']
        : [
            `${count(alone.rows)} in ${duration(alone.seconds)}`,
            count(alone.rows / alone.seconds),
            whileValidating.validate.answered < answersLeast
              ? '–'
              : milliseconds(whileValidating.validate.p99Ms),
          ]),
    ]),
  ),
  words: [1],
})

export const tableNotes = {
  points: 'Under each number of connections: requests per second · p99 in milliseconds.',
  curves:
    'Knee: the connections with most throughput for the response time (Kleinrock’s power); more of them only wait. ' +
    'X(n) = λn / (1 + σ(n−1) + κn(n−1)), n the connections; ± standard errors; peak: beyond it throughput falls.',
  costs:
    'worker ms: processor time of a worker for a request; p50 and p99: with one request at a time; ' +
    'σ, κ: by workers that had a core, so many at most.',
  growth:
    'A store of its own for each size. Flush: an hour’s tokens of a day’s, as each hourly token_flush deletes; ' +
    'p99 in it: of UUID validations while such a flush goes on.',
} as const

/** What must be known to read the figures. */
export const capacityNotes = ({ points, machine, costs, answers, growth }: MeasuredCapacity): string[] => {
  const bound = points.filter((point) => point.bound === 'generator').length
  const starved = points.filter(({ cores, backends }) => cores.backends.waited > 0.1 * backends).length
  const disturbed = points.filter((point) => point.disturbed).length
  const most = Math.max(0, ...points.map(({ cores }) => cores.generator.used))
  const cores = Math.max(0, ...costs.map(({ coresMost }) => coresMost))
  const unsaturated = costs.some(({ saturated }) => !saturated)
  const unscaled = answers.some(({ needed, scaled }) => needed !== null && !scaled)
  return [
    `Load generator, backends and database share ${counted(machine.cpus, 'core')}: autocannon took up to ${figure(most)} of a core. ` +
      `In ${count(starved)} of ${counted(points.length, 'point')} the backends stood ready without a core for more than a tenth of the time. ` +
      'So a request is counted by the processor time that it took, and workers by how many of them had a core.',
    ...(bound > 0
      ? [
          `g: in ${counted(bound, 'point')} the generator was busy and the backends were not; nothing is drawn from these.`,
        ]
      : []),
    ...(disturbed > 0
      ? [
          `~: in ${counted(disturbed, 'point')} other programs took more than a quarter of a core, so its times are too long; measure again on a quiet machine.`,
        ]
      : []),
    ...(unsaturated ? ['?: no point kept the workers busy; the cost is that of the fastest one.'] : []),
    ...(unscaled
      ? [
          `How workers get in each other’s way was not seen (at most ${figure(cores)} of them had a core at a time, 2 are needed): they are counted as independent.`,
        ]
      : []),
    ...points
      .filter(({ rejected }) => rejected.length > 0)
      .map(
        ({ mode, op, backends, connections, rejected }) =>
          `!: ${mode}, ${op}, ${counted(backends, 'backend')}, ${counted(connections, 'connection')}: ${rejected.join('; ')}. It counts for nothing.`,
      ),
    ...growth.flatMap(({ rows, validate }) =>
      validate
        .filter(({ rejected }) => rejected.length > 0)
        .map(
          ({ mode, rejected }) =>
            `!: ${count(rows)} rows, ${mode}: ${rejected.join('; ')}. It counts for nothing.`,
        ),
    ),
    'The servers are ours, in Node.js, and not Keystone in Python: compare providers, stores and sizes by them. For the workers of your Keystone give cutover plan the times that you measured there.',
  ]
}
