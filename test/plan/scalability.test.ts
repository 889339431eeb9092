// The Universal Scalability Law against what the R package `usl` prints for its own data, and against exact sets.
// Source of data and results: github.com/smoeding/usl at 480c97b, `data/`, `tests/*.Rout.save`; the data are Gunther's
// (Guerrilla Capacity Planning, 2007). The package's alpha, beta and gamma are σ, κ and λ here.
import fc from 'fast-check'
import { describe, expect, test } from '@jest/globals'
import {
  fitScaling,
  kneeOf,
  limitOf,
  peakOf,
  throughputOf,
  type LoadPoint,
  type Scaling,
} from '../../src/plan/scalability.js'

const pointsOf = (loads: readonly number[], perSec: readonly number[]): LoadPoint[] =>
  loads.map((load, i) => ({ load, perSec: perSec[i] ?? NaN }))

/** A Sun SPARCcenter 2000 in the SPEC SDM91 benchmark, scripts an hour by simulated users. */
const specsdm91 = pointsOf(
  [1, 18, 36, 72, 108, 144, 216],
  [64.9, 995.9, 1652.4, 1853.2, 1828.9, 1775.0, 1702.2],
)

/** An SGI Origin 2000 with BRL-CAD's ray tracer, operations a second by processors; the first six, as in `confint.R`. */
const raytracer = pointsOf([1, 4, 8, 12, 16, 20], [20, 78, 130, 170, 190, 200])

const shown = (value: number | null | undefined, digits: number): number =>
  Number((value ?? NaN).toPrecision(digits))

describe('the fit of SPEC SDM91', () => {
  const fit = fitScaling(specsdm91)

  test('has the published coefficients and standard errors', () => {
    expect(fit?.sigma).toBeCloseTo(0.02773, 5)
    expect(fit?.kappa).toBeCloseTo(0.0001044, 7)
    expect(shown(fit?.lambda, 4)).toBe(90)
    expect(shown(fit?.errors.sigma, 4)).toBe(0.009122)
    expect(shown(fit?.errors.kappa, 4)).toBe(0.00001988)
    expect(shown(fit?.errors.lambda, 4)).toBe(14.21)
    expect(shown(fit?.residual, 4)).toBe(82.85)
  })

  test('has the published residuals', () => {
    const residuals = [-25.1, -81.66, 111.09, 3.05, -49.99, -46.6, 56.0]
    specsdm91.forEach(({ load, perSec }, i) => {
      expect(perSec - throughputOf(fit as Scaling, load)).toBeCloseTo(residuals[i] ?? NaN, 1)
    })
  })

  test('has the published peak and bound', () => {
    expect(peakOf(fit as Scaling) / 96.51956).toBeCloseTo(1, 4)
    expect(limitOf(fit as Scaling) / 3245.589).toBeCloseTo(1, 4)
    expect(peakOf({ lambda: 1, sigma: 0.001, kappa: 0.00001 })).toBeCloseTo(316.0696, 4)
  })
})

test('the fit of the ray tracer has the published coefficients', () => {
  const fit = fitScaling(raytracer)
  expect(shown(fit?.sigma, 4)).toBe(0.02444)
  expect(shown(fit?.kappa, 3)).toBe(0.00163)
  expect(shown(fit?.lambda, 7)).toBe(20.85605)
})

describe('a fit', () => {
  test('finds the law again that exact points were made by, also on its bounds', () => {
    const among = (values: readonly number[]) => fc.constantFrom(...values)
    fc.assert(
      fc.property(
        among([0.7, 90, 5200]),
        among([0, 0.003, 0.02, 0.3]),
        among([0, 0.00001, 0.0004, 0.02]),
        (lambda, sigma, kappa) => {
          const loads = [1, 2, 4, 8, 16, 32]
          const law = { lambda, sigma, kappa }
          const fit = fitScaling(loads.map((load) => ({ load, perSec: throughputOf(law, load) })))
          expect((fit?.lambda ?? NaN) / lambda).toBeCloseTo(1, 6)
          expect(fit?.sigma).toBeCloseTo(sigma, 6)
          expect(fit?.kappa).toBeCloseTo(kappa, 7)
        },
      ),
      { seed: 3, numRuns: 40 },
    )
  })

  test('of throughput that grows faster than the load stays on the bounds: σ = κ = 0', () => {
    const fit = fitScaling(pointsOf([1, 2, 3, 4], [100, 220, 350, 490]))
    expect(fit).toMatchObject({ sigma: 0, kappa: 0, errors: { sigma: null, kappa: null } })
    // Least squares of X = λn: λ = Σ nX / Σ n².
    expect(fit?.lambda).toBeCloseTo((100 + 440 + 1050 + 1960) / 30, 6)
  })

  test('of too few different loads is none', () => {
    expect(fitScaling(pointsOf([1, 2, 4, 4], [10, 19, 30, 31]))).toBeNull()
  })

  test('never falls where there is contention only', () => {
    expect(peakOf({ lambda: 1, sigma: 0.1, kappa: 0 })).toBe(Infinity)
    expect(limitOf({ lambda: 1, sigma: 0, kappa: 0.1 })).toBe(Infinity)
  })
})

describe('the knee', () => {
  test('is the corner where throughput grows with the load up to a bound', () => {
    const points = [1, 2, 4, 8, 16, 32].map((load) => ({ load, perSec: Math.min(100 * load, 800) }))
    expect(kneeOf(points)?.load).toBe(8)
  })

  test('lies at (1−σ)/σ where there is contention only: there d(X²/n)/dn = 0', () => {
    const sigma = 0.05
    const points = Array.from({ length: 60 }, (_, i) => ({
      load: i + 1,
      perSec: throughputOf({ lambda: 10, sigma, kappa: 0 }, i + 1),
    }))
    expect(kneeOf(points)?.load).toBeCloseTo((1 - sigma) / sigma, 9)
  })

  test('of no points is none', () => {
    expect(kneeOf([])).toBeNull()
  })
})
