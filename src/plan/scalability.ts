// How throughput grows with load: the Universal Scalability Law, fitted to measured points, and what follows from it.
// Sources: N. J. Gunther, Guerrilla Capacity Planning (2007), ch. 4–6; with λ free: Gunther, "USL scaling model" (2018).

/** X(n) = λn / (1 + σ(n−1) + κn(n−1)). */
export interface Scaling {
  /** Throughput of one, in the unit of the points. */
  readonly lambda: number
  /** Contention: the share of the work that waits its turn. 0 or more. */
  readonly sigma: number
  /** Coherency: what every pair costs. 0 or more. */
  readonly kappa: number
}

export interface LoadPoint {
  /** What the load is counted in: connections, workers. Above zero, need not be whole. */
  readonly load: number
  readonly perSec: number
}

export interface ScalingFit extends Scaling {
  /** Standard error of each coefficient; null for one that lies on its bound, and where there is no point to spare. */
  readonly errors: { readonly [name in keyof Scaling]: number | null }
  /** √(Σ residual² / (points − coefficients)), in the unit of the points; null where there is no point to spare. */
  readonly residual: number | null
  readonly points: number
}

/** What each unit of load costs, against a single one: 1 + σ(n−1) + κn(n−1). */
export const stretchOf = ({ sigma, kappa }: Omit<Scaling, 'lambda'>, load: number): number =>
  1 + sigma * (load - 1) + kappa * load * (load - 1)

export const throughputOf = (scaling: Scaling, load: number): number =>
  (scaling.lambda * load) / stretchOf(scaling, load)

/** The load beyond which throughput falls: √((1−σ)/κ), dX/dn = 0; Infinity where it never does. */
export const peakOf = ({ sigma, kappa }: Scaling): number =>
  sigma >= 1 ? 1 : kappa === 0 ? Infinity : Math.max(1, Math.sqrt((1 - sigma) / kappa))

/** What throughput tends to if there is contention only (Amdahl's law): λ/σ. */
export const limitOf = ({ lambda, sigma }: Scaling): number => (sigma === 0 ? Infinity : lambda / sigma)

/** Solves a·x = b by elimination with pivots; null where it has no one answer. */
const solve = (a: readonly (readonly number[])[], b: readonly number[]): number[] | null => {
  const rows = a.map((row, i) => [...row, b[i] ?? 0])
  const size = b.length
  const at = (row: number, column: number): number => rows[row]?.[column] ?? 0
  for (let step = 0; step < size; step++) {
    let pivot = step
    for (let row = step + 1; row < size; row++)
      if (Math.abs(at(row, step)) > Math.abs(at(pivot, step))) pivot = row
    if (Math.abs(at(pivot, step)) < 1e-300) return null
    const swapped = rows[step] as number[]
    rows[step] = rows[pivot] as number[]
    rows[pivot] = swapped
    for (let row = 0; row < size; row++) {
      if (row === step) continue
      const factor = at(row, step) / at(step, step)
      rows[row] = (rows[row] as number[]).map((value, column) => value - factor * at(step, column))
    }
  }
  return rows.map((_, i) => at(i, size) / at(i, i))
}

const names = ['lambda', 'sigma', 'kappa'] as const
type Name = (typeof names)[number]

/** ∂X/∂λ, ∂X/∂σ, ∂X/∂κ. */
const slopes = (scaling: Scaling, load: number): Readonly<Record<Name, number>> => {
  const stretch = stretchOf(scaling, load)
  const byStretch = (-scaling.lambda * load) / stretch ** 2
  return { lambda: load / stretch, sigma: byStretch * (load - 1), kappa: byStretch * load * (load - 1) }
}

const squares = (points: readonly LoadPoint[], scaling: Scaling): number =>
  points.reduce((sum, { load, perSec }) => sum + (perSec - throughputOf(scaling, load)) ** 2, 0)

/** JᵀJ and Jᵀr of the free coefficients. */
const normalEquations = (points: readonly LoadPoint[], scaling: Scaling, free: readonly Name[]) => {
  const matrix = free.map(() => free.map(() => 0))
  const right = free.map(() => 0)
  for (const { load, perSec } of points) {
    const slope = slopes(scaling, load)
    const rest = perSec - throughputOf(scaling, load)
    free.forEach((a, i) => {
      right[i] = (right[i] ?? 0) + slope[a] * rest
      free.forEach((b, j) => {
        const row = matrix[i] as number[]
        row[j] = (row[j] ?? 0) + slope[a] * slope[b]
      })
    })
  }
  return { matrix, right }
}

const stepsMost = 100

/** Levenberg's and Marquardt's method from one start, over the free coefficients; the others stay as they are. */
const descend = (points: readonly LoadPoint[], start: Scaling, free: readonly Name[]): Scaling => {
  let best = start
  let bestSquares = squares(points, start)
  // What is left of exact points is rounding, which no step makes less.
  const enough = 1e-24 * points.reduce((sum, { perSec }) => sum + perSec ** 2, 0)
  let damping = 1e-3
  for (let step = 0; step < stepsMost; step++) {
    const { matrix, right } = normalEquations(points, best, free)
    const damped = matrix.map((row, i) => row.map((value, j) => (i === j ? value * (1 + damping) : value)))
    const change = solve(damped, right)
    if (change === null) return best
    const next: Record<Name, number> = { ...best }
    free.forEach((name, i) => (next[name] += change[i] ?? 0))
    const nextSquares = squares(points, next)
    if (nextSquares < bestSquares) {
      const gained = bestSquares - nextSquares
      best = next
      bestSquares = nextSquares
      damping = Math.max(1e-15, damping / 10)
      if (gained <= 1e-12 * bestSquares || bestSquares < enough) return best
    } else {
      damping *= 10
      if (!(damping < 1e12)) return best
    }
  }
  return best
}

/** The bounds σ ≥ 0 and κ ≥ 0: the answer lies inside, or on one of these faces with the rest free. */
const faces: readonly (readonly Name[])[] = [
  ['lambda', 'sigma', 'kappa'],
  ['lambda', 'sigma'],
  ['lambda', 'kappa'],
  ['lambda'],
]

const errorsOf = (points: readonly LoadPoint[], scaling: Scaling, free: readonly Name[]) => {
  const spare = points.length - free.length
  const residual = spare > 0 ? Math.sqrt(squares(points, scaling) / spare) : null
  const { matrix } = normalEquations(points, scaling, free)
  const errors: Record<Name, number | null> = { lambda: null, sigma: null, kappa: null }
  free.forEach((name, i) => {
    const column = solve(
      matrix,
      free.map((_, j) => (i === j ? 1 : 0)),
    )
    const variance = column?.[i] ?? NaN
    if (residual !== null && variance >= 0) errors[name] = residual * Math.sqrt(variance)
  })
  return { residual, errors }
}

/** Below so many different loads three coefficients fit anything. */
export const loadsLeast = 4

/**
 * Least squares of throughput, all three coefficients free, σ ≥ 0 and κ ≥ 0. Errors are those of the linearised model,
 * √((JᵀJ)⁻¹) times the residual, as R's `usl` and `nls` have them.
 * @returns null for fewer than `loadsLeast` different loads
 */
export const fitScaling = (points: readonly LoadPoint[]): ScalingFit | null => {
  const loads = new Set(points.map(({ load }) => load))
  if (loads.size < loadsLeast) return null
  const most = Math.max(...loads)
  const lambda = Math.max(...points.map(({ load, perSec }) => perSec / load))
  let found: { scaling: Scaling; squares: number; free: readonly Name[] } | null = null
  for (const free of faces) {
    // No face holds less than the inside does.
    if (found?.free.length === faces[0]?.length) break
    for (const sigmaStart of [0.01, 0.3]) {
      for (const kappaStart of [0.01, 1]) {
        const start = {
          lambda,
          sigma: free.includes('sigma') ? sigmaStart : 0,
          kappa: free.includes('kappa') ? kappaStart / most ** 2 : 0,
        }
        const scaling = descend(points, start, free)
        const isFeasible = scaling.lambda > 0 && scaling.sigma >= 0 && scaling.kappa >= 0
        const own = squares(points, scaling)
        if (isFeasible && Number.isFinite(own) && (found === null || own < found.squares * (1 - 1e-9)))
          found = { scaling, squares: own, free }
      }
    }
  }
  if (found === null) return null
  return { ...found.scaling, ...errorsOf(points, found.scaling, found.free), points: points.length }
}

/**
 * The knee of a closed loop: the load with the greatest power, throughput over response time (L. Kleinrock, "Power and
 * deterministic rules of thumb", ICC 1979). By Little's law the response time is n/X, so power is X²/n. Where throughput
 * grows with the load up to a bound and stays there, that is the very corner. Null for no points.
 */
export const kneeOf = <Point extends LoadPoint>(points: readonly Point[]): Point | null => {
  const power = ({ load, perSec }: LoadPoint): number => perSec ** 2 / load
  return points.reduce<Point | null>(
    (best, point) => (best === null || power(point) > power(best) ? point : best),
    null,
  )
}
