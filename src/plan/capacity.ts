// From the points of a saturation sweep to an operator's answer: knees, fits, what a request costs, how many workers.
// It exists apart from the measuring, so that `cutover plan` gives the same answer from a file of measured figures.
import type { ProviderMode } from '../token/mode.js'
import { isUsable, type CapacityOp, type JudgedPoint } from './capacityPoint.js'
import { workersFor, type MeasuredLoad, type WorkersNeeded, type WorkerTarget } from './mixedQueue.js'
import { fitScaling, kneeOf, peakOf, type ScalingFit } from './scalability.js'

/** The points of one operation, one mode and one number of backends, over the connections. */
export interface Curve {
  readonly mode: ProviderMode
  readonly op: CapacityOp
  readonly backends: number
  readonly knee: { readonly connections: number; readonly perSec: number; readonly p99Ms: number } | null
  /** By connections; null for too few points. */
  readonly fit: ScalingFit | null
  /** The connections beyond which the fit falls; null: it does not, or there is none. */
  readonly peakConnections: number | null
}

/** What an operation costs in a mode, and how that grows with the workers. */
export interface OperationCost {
  readonly mode: ProviderMode
  readonly op: CapacityOp
  /** Processor time of a worker for one request, seconds. */
  readonly busySec: number
  /** Whether that was measured where workers had no time to spare. */
  readonly saturated: boolean
  /** p50 and p99 of the response time with the fewest connections and workers, seconds, and how many those were. */
  readonly alone: { readonly p50Sec: number; readonly p99Sec: number; readonly connections: number }
  /** Whether other programs took so much of the machine meanwhile that the times are too long. */
  readonly disturbed: boolean
  /** Processor time of the database for one request, seconds; null: not seen. */
  readonly databaseSec: number | null
  /** Rows written to the table `token` for one request. */
  readonly rowsWritten: number
  /** Throughput by the workers that had a core, `cores` at most; null for too few points. */
  readonly byWorkers: ScalingFit | null
  /** So many workers at most had a core: beyond that the fit says nothing that was seen. */
  readonly coresMost: number
}

/** So many workers must have had a core for a fit to say how they scale. */
export const coresToScale = 2

/** Workers that had a core, or could have had one: those that stood in the queue for one are none. */
const workersWithCore = ({ backends, cores }: JudgedPoint): number => backends - cores.backends.waited

const groupsOf = <Key extends string>(
  points: readonly JudgedPoint[],
  key: (point: JudgedPoint) => Key,
): ReadonlyMap<Key, readonly JudgedPoint[]> => {
  const groups = new Map<Key, JudgedPoint[]>()
  for (const point of points) {
    const group = groups.get(key(point))
    if (group === undefined) groups.set(key(point), [point])
    else group.push(point)
  }
  return groups
}

const curveOf = (points: readonly JudgedPoint[]): Curve | null => {
  const [first] = points
  if (first === undefined) return null
  const usable = points.filter(isUsable).map((point) => ({ ...point, load: point.connections }))
  const knee = kneeOf(usable)
  const fit = fitScaling(usable)
  const peak = fit === null ? Infinity : peakOf(fit)
  return {
    mode: first.mode,
    op: first.op,
    backends: first.backends,
    knee:
      knee === null
        ? null
        : { connections: knee.connections, perSec: knee.perSec, p99Ms: knee.latency.p99Ms },
    fit,
    peakConnections: Number.isFinite(peak) ? peak : null,
  }
}

const fastest = (points: readonly JudgedPoint[]): readonly JudgedPoint[] => {
  const most = Math.max(...points.map(({ perSec }) => perSec))
  return points.filter(({ perSec }) => perSec === most)
}

/** Sums over points, each weighted by what it answered. */
const perAnswer = (points: readonly JudgedPoint[], of: (point: JudgedPoint) => number): number => {
  const answered = points.reduce((sum, point) => sum + point.perSec * point.seconds, 0)
  return points.reduce((sum, point) => sum + of(point) * point.seconds, 0) / answered
}

const costOf = (points: readonly JudgedPoint[]): OperationCost | null => {
  const usable = points.filter(isUsable)
  const fewest = Math.min(...usable.map(({ backends }) => backends))
  const single = usable.filter(({ backends }) => backends === fewest)
  const [first] = single
  if (first === undefined) return null
  const full = single.filter(({ bound }) => bound === 'backends')
  const costing = full.length > 0 ? full : fastest(single)
  const alone = single.reduce((least, point) => (point.connections < least.connections ? point : least))
  const byWorkers = [...groupsOf(usable, ({ backends }) => `${backends}`).values()].flatMap((group) => {
    const saturated = group.filter(({ bound }) => bound === 'backends')
    return saturated.length > 0 ? saturated : fastest(group)
  })
  const goodSum = (of: (point: JudgedPoint) => number): number =>
    usable.reduce((sum, point) => sum + of(point), 0)
  return {
    mode: first.mode,
    op: first.op,
    busySec: perAnswer(costing, ({ cores }) => cores.backends.used),
    saturated: full.length > 0,
    alone: {
      p50Sec: alone.latency.p50Ms / 1000,
      p99Sec: alone.latency.p99Ms / 1000,
      connections: alone.connections,
    },
    disturbed: [...costing, alone].some(({ disturbed }) => disturbed),
    databaseSec: costing.every(({ cores }) => cores.database !== null)
      ? perAnswer(costing, ({ cores }) => cores.database ?? 0)
      : null,
    rowsWritten:
      goodSum(({ rowsAdded }) => rowsAdded) /
      goodSum(({ served }) => Object.values(served).reduce((sum, value) => sum + value, 0)),
    byWorkers: fitScaling(byWorkers.map((point) => ({ load: workersWithCore(point), perSec: point.perSec }))),
    coresMost: Math.max(...byWorkers.map(workersWithCore)),
  }
}

const present = <T>(value: T | null): value is T => value !== null

/** Knees and fits over the connections. */
export const curvesOf = (points: readonly JudgedPoint[]): readonly Curve[] =>
  [...groupsOf(points, ({ mode, op, backends }) => `${mode} ${op} ${backends}`).values()]
    .map(curveOf)
    .filter(present)

/** What each operation costs in each mode. */
export const costsOf = (points: readonly JudgedPoint[]): readonly OperationCost[] =>
  [...groupsOf(points, ({ mode, op }) => `${mode} ${op}`).values()].map(costOf).filter(present)

/** What an operator wants to know. */
export interface Need extends WorkerTarget {
  readonly validationsPerSec: number
  readonly issuesPerSec: number
}

export interface CapacityAnswer {
  readonly mode: ProviderMode
  /** Null: no number of workers does, or an operation was not measured; `why` says which. */
  readonly needed: WorkersNeeded | null
  readonly why: string | null
  /** Rows inserted and, as many, deleted by flushes, a second. */
  readonly rowWritesPerSec: number | null
  /** Cores that the database needs for the requests themselves; null: not seen. */
  readonly databaseCores: number | null
  /** Measured beside other programs: more workers than are needed. */
  readonly disturbed: boolean
  /** Whether how workers get in each other's way was seen and is in the answer. */
  readonly scaled: boolean
}

/** The coefficients by which the costs of an operation grow with the workers, where enough of them had a core. */
const scalingOf = ({ byWorkers, coresMost }: OperationCost): MeasuredLoad['scaling'] =>
  byWorkers === null || coresMost < coresToScale ? null : byWorkers

const answerOf = (mode: ProviderMode, costs: readonly OperationCost[], need: Need): CapacityAnswer => {
  const nothing = {
    mode,
    needed: null,
    rowWritesPerSec: null,
    databaseCores: null,
    disturbed: false,
    scaled: false,
  }
  const wanted = [
    ['validate', need.validationsPerSec],
    ['issue', need.issuesPerSec],
  ] as const
  const parts = wanted
    .filter(([, perSec]) => perSec > 0)
    .map(([op, perSec]) => ({ op, perSec, cost: costs.find((cost) => cost.op === op) }))
  const loads: MeasuredLoad[] = []
  let writes = 0
  let database: number | null = 0
  for (const { op, perSec, cost } of parts) {
    if (cost === undefined) return { ...nothing, why: `no good point of ${op}` }
    const { busySec, alone, rowsWritten, databaseSec } = cost
    loads.push({ op, perSec, busySec, aloneSec: alone.p99Sec, scaling: scalingOf(cost) })
    writes += 2 * rowsWritten * perSec
    database = database === null || databaseSec === null ? null : database + databaseSec * perSec
  }
  const needed = workersFor(loads, need)
  const slow = loads.find(({ aloneSec }) => aloneSec > need.withinSec)
  const why =
    needed !== null
      ? null
      : slow === undefined
        ? 'more workers do not help: they get in each other’s way'
        : `one ${slow.op} alone takes ${Number((slow.aloneSec * 1000).toPrecision(3))} ms at p99`
  const scaled = loads.every(({ scaling }) => scaling !== null)
  const disturbed = parts.some(({ cost }) => cost?.disturbed === true)
  return { mode, needed, why, rowWritesPerSec: writes, databaseCores: database, disturbed, scaled }
}

/** How many workers each mode needs. */
export const answersOf = (costs: readonly OperationCost[], need: Need): readonly CapacityAnswer[] =>
  [...new Set(costs.map(({ mode }) => mode))].map((mode) =>
    answerOf(
      mode,
      costs.filter((cost) => cost.mode === mode),
      need,
    ),
  )
