// From measured points to workers: which points count, what a request costs, and what is said where nothing can be.
// The points are made up so that the right answer can be worked out by hand.
import { describe, expect, test } from '@jest/globals'
import { answersOf, costsOf, curvesOf, type Need } from '../../src/plan/capacity.js'
import { isUsable, judgePoint, type PointFigures } from '../../src/plan/capacityPoint.js'
import { throughputOf } from '../../src/plan/scalability.js'

/** One second of a backend that is busy all the time with requests of 2 ms. */
const point = (differing: Partial<PointFigures> = {}): PointFigures => ({
  mode: 'uuid',
  op: 'validate',
  backends: 1,
  connections: 4,
  seconds: 1,
  perSec: 500,
  latency: { p50Ms: 8, p99Ms: 10, maxMs: 20 },
  seen: { good: 500, not2xx: 0, errors: 0 },
  served: { 'validate 200': 502 },
  rowsBefore: 1000,
  rowsAdded: 0,
  cores: {
    generator: { used: 0.2, waited: 0 },
    backends: { used: 1, waited: 0 },
    database: 0.25,
    others: 0,
  },
  ...differing,
})

const issues = (answered: number, differing: Partial<PointFigures> = {}): PointFigures =>
  point({
    op: 'issue',
    perSec: answered,
    seen: { good: answered, not2xx: 0, errors: 0 },
    served: { 'issue 201': answered },
    rowsAdded: answered,
    ...differing,
  })

describe('a point', () => {
  test('is good if the backends answered what the generator saw, and at most what was under way beside it', () => {
    expect(judgePoint(point()).rejected).toEqual([])
    expect(judgePoint(point({ served: { 'validate 200': 504 } })).rejected).toEqual([])
    expect(judgePoint(issues(40)).rejected).toEqual([])
  })

  test.each<[string, PointFigures, RegExp]>([
    [
      'an answer that was not 2xx',
      point({ seen: { good: 499, not2xx: 1, errors: 0 } }),
      /1 answers were not 2xx/,
    ],
    ['a request that failed', point({ seen: { good: 500, not2xx: 0, errors: 2 } }), /2 requests failed/],
    [
      'more answers than the generator can have left',
      point({ served: { 'validate 200': 505 } }),
      /505 requests, the generator saw 500/,
    ],
    ['fewer answers than the generator saw', point({ served: { 'validate 200': 499 } }), /499 requests/],
    [
      'an answer of another kind',
      point({ served: { 'validate 200': 500, 'validate 404': 1 } }),
      /something else/,
    ],
    ['no answer', point({ seen: { good: 0, not2xx: 0, errors: 0 }, served: {} }), /nothing was answered/],
    ['an issue of a UUID token without its row', issues(40, { rowsAdded: 39 }), /grew by 39 rows, not by 40/],
    ['an issue of a Fernet token with a row', issues(40, { mode: 'fernet' }), /grew by 40 rows, not by 0/],
  ])('is rejected for %s', (_title, figures, why) => {
    const judged = judgePoint(figures)
    expect(judged.rejected.join('; ')).toMatch(why)
    expect(isUsable(judged)).toBe(false)
  })

  test('is bound by whoever had nothing to spare, waiting for a core included', () => {
    const cores = (generator: number, backends: number, waited: number) => ({
      ...point().cores,
      generator: { used: generator, waited: 0 },
      backends: { used: backends, waited },
    })
    expect(judgePoint(point()).bound).toBe('backends')
    expect(judgePoint(point({ backends: 2, cores: cores(0.6, 1.3, 0.6) })).bound).toBe('backends')
    expect(judgePoint(point({ backends: 2, cores: cores(0.95, 1.1, 0.1) })).bound).toBe('generator')
    expect(judgePoint(point({ cores: cores(0.3, 0.6, 0) })).bound).toBe('neither')
    expect(isUsable(judgePoint(point({ backends: 2, cores: cores(0.95, 1.1, 0.1) })))).toBe(false)
  })
})

const alone = (figures: PointFigures): PointFigures => ({
  ...figures,
  connections: 1,
  latency: { p50Ms: 2, p99Ms: 3, maxMs: 5 },
  cores: { ...figures.cores, backends: { used: 0.6, waited: 0 } },
})

const need: Need = { validationsPerSec: 300, issuesPerSec: 20, withinSec: 0.1, share: 0.99, busyMost: 0.7 }

describe('what a request costs', () => {
  const costs = costsOf(
    [
      alone(point({ served: { 'validate 200': 501 } })),
      point(),
      point({ connections: 8 }),
      alone(issues(40)),
      issues(50),
    ].map(judgePoint),
  )

  test('is processor time by requests, where the backends had nothing to spare', () => {
    expect(costs[0]).toMatchObject({ mode: 'uuid', op: 'validate', saturated: true, rowsWritten: 0 })
    expect(costs[0]?.busySec).toBeCloseTo(1 / 500, 12)
    expect(costs[0]?.databaseSec).toBeCloseTo(0.25 / 500, 12)
    expect(costs[1]).toMatchObject({ op: 'issue', rowsWritten: 1 })
    expect(costs[1]?.busySec).toBeCloseTo(1 / 50, 12)
  })

  test('is a response time of the fewest connections', () => {
    expect(costs[0]?.alone).toEqual({ p50Sec: 0.002, p99Sec: 0.003, connections: 1 })
  })

  test('makes the workers of a load: 300 × 2 ms + 20 × 20 ms = 1 worker’s worth, two at 50 %', () => {
    const [answer] = answersOf(costs, need)
    expect(answer).toMatchObject({ mode: 'uuid', why: null, rowWritesPerSec: 40, scaled: false })
    expect(answer?.needed?.workers).toBe(2)
    expect(answer?.needed?.busyShare).toBeCloseTo(0.5, 12)
    // 300 × 0.5 ms + 20 × 5 ms.
    expect(answer?.databaseCores).toBeCloseTo(0.25, 12)
  })

  test('is marked where other programs took more than a quarter of a core', () => {
    const beside = (others: number) =>
      costsOf([judgePoint(point({ cores: { ...point().cores, others } }))])[0]?.disturbed
    expect([beside(0.25), beside(0.3)]).toEqual([false, true])
    const [answer] = answersOf(
      costsOf([point({ cores: { ...point().cores, others: 1 } }), issues(50)].map(judgePoint)),
      need,
    )
    expect(answer?.disturbed).toBe(true)
  })

  test('leaves no answer where an operation was not measured, or where one request takes too long', () => {
    expect(answersOf(costs.slice(0, 1), need)[0]).toMatchObject({
      needed: null,
      why: 'no good point of issue',
    })
    expect(answersOf(costs, { ...need, withinSec: 0.002 })[0]).toMatchObject({
      needed: null,
      why: 'one validate alone takes 3 ms at p99',
    })
    expect(answersOf(costs.slice(0, 1), { ...need, issuesPerSec: 0 })[0]?.needed?.workers).toBe(1)
  })

  test('is nothing where no point is good', () => {
    expect(costsOf([judgePoint(point({ served: {} }))])).toEqual([])
    expect(curvesOf([judgePoint(point({ served: {} }))])[0]).toMatchObject({ knee: null, fit: null })
  })
})

test('how workers cost each other is fitted by those that had a core, and is in the answer', () => {
  const law = { lambda: 500, sigma: 0.05, kappa: 0.001 }
  const points = [1, 2, 4, 8].flatMap((backends) => {
    // Of four or more, one worker's time was spent in the queue for a core.
    const waited = backends >= 4 ? 1 : 0
    const perSec = throughputOf(law, backends - waited)
    const cores = { ...point().cores, backends: { used: backends - waited, waited } }
    return [judgePoint(point({ backends, connections: 32, perSec, cores }))]
  })
  const [cost] = costsOf(points)
  expect(cost?.byWorkers?.sigma).toBeCloseTo(0.05, 6)
  expect(cost?.byWorkers?.kappa).toBeCloseTo(0.001, 6)
  expect(cost?.coresMost).toBe(7)
  const [answer] = answersOf([cost as NonNullable<typeof cost>], {
    ...need,
    validationsPerSec: 3000,
    issuesPerSec: 0,
  })
  // Six workers’ worth; a worker does the less the more there are.
  expect(answer?.scaled).toBe(true)
  expect(answer?.needed?.workers).toBe(
    [...Array(100).keys()].find((c) => c > 0 && 0.7 * (throughputOf(law, c) / 500) >= 6),
  )
})
