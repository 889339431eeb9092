// Queues of mixed requests against what is known in closed form, and against a queue that is stepped through.
import { describe, expect, test } from '@jest/globals'
import { Random } from '../../src/base/random.js'
import { meanWaitSec, spreadOf, waitQuantileSec, workersFor } from '../../src/plan/mixedQueue.js'

const pool = (servers: number, erlangs: number) => ({ servers, arrivalsPerSec: erlangs, serviceSec: 1 })

describe('the wait', () => {
  test('of one server is that of Pollaczek and Khinchine: ρs(1 + cv²) / (2(1 − ρ))', () => {
    expect(meanWaitSec(pool(1, 0.8), 0)).toBeCloseTo(2, 9)
    expect(meanWaitSec(pool(1, 0.8), 1)).toBeCloseTo(4, 9)
    expect(meanWaitSec(pool(1, 0.5), 3)).toBeCloseTo(2, 9)
  })

  test('of M/M/c is exponential for those who wait: P(W > t) = C·e^(−(cμ−λ)t)', () => {
    expect(waitQuantileSec(pool(1, 0.8), 1, 0.99)).toBeCloseTo(Math.log(0.8 / 0.01) / 0.2, 9)
    // Three servers with 2 erlangs: C = 4/9, cμ − λ = 1.
    expect(waitQuantileSec(pool(3, 2), 1, 0.9)).toBeCloseTo(Math.log(4 / 9 / 0.1), 9)
  })

  test('is none where fewer have to wait than the share leaves out', () => {
    expect(waitQuantileSec(pool(20, 2), 0, 0.99)).toBe(0)
    expect(waitQuantileSec(pool(2, 2), 0, 0.99)).toBe(Infinity)
  })

  test('of a mix on two servers comes near to that of a queue that is stepped through', () => {
    const loads = [
      { perSec: 300, busySec: 0.001 },
      { perSec: 20, busySec: 0.04 },
    ]
    const random = new Random(1, 'queue')
    const free = [0, 0]
    const waits: number[] = []
    let nowSec = 0
    for (let i = 0; i < 200_000; i++) {
      nowSec += random.exponential(1 / 320)
      const server = (free[0] ?? 0) <= (free[1] ?? 0) ? 0 : 1
      const begins = Math.max(nowSec, free[server] ?? 0)
      waits.push(begins - nowSec)
      free[server] = begins + (random.unit() * 320 < 300 ? 0.001 : 0.04)
    }
    const p99Sec = waits.sort((a, b) => a - b)[Math.floor(0.99 * waits.length)] ?? NaN
    const mixed = { servers: 2, arrivalsPerSec: 320, serviceSec: 1.1 / 320 }
    expect(waitQuantileSec(mixed, spreadOf(loads), 0.99) / p99Sec).toBeGreaterThan(0.85)
    expect(waitQuantileSec(mixed, spreadOf(loads), 0.99) / p99Sec).toBeLessThan(1.5)
  })
})

test('the spread of a mix is E[S²]/E[S]² − 1', () => {
  expect(spreadOf([{ perSec: 5, busySec: 0.2 }])).toBeCloseTo(0, 12)
  // Half 1, half 3: mean 2, mean square 5.
  expect(
    spreadOf([
      { perSec: 1, busySec: 1 },
      { perSec: 1, busySec: 3 },
    ]),
  ).toBeCloseTo(0.25, 12)
})

describe('the workers that a mix needs', () => {
  const target = { share: 0.99, withinSec: 0.1, busyMost: 0.7 }
  const validate = { op: 'validate', perSec: 300, busySec: 0.01, aloneSec: 0.012, scaling: null }

  test('are the fewest that are no busier than they may be', () => {
    // 3 workers' worth at 70 %: 4.29.
    const found = workersFor([validate], { ...target, withinSec: 10 })
    expect(found?.workers).toBe(5)
    expect(found?.busyShare).toBeCloseTo(0.6, 12)
  })

  test('answer in what a request takes alone and the wait of the same share', () => {
    // One worker at 30 %, requests all alike: P(W > t) = C·e^(−t·C/W) with C = ρ and W = ρs / (2(1 − ρ)).
    const calm = { ...validate, perSec: 30 }
    const waitSec = (0.01 / 2 / 0.7) * Math.log(0.3 / 0.01)
    const [first] = workersFor([calm], target)?.response ?? []
    expect(first?.sec).toBeCloseTo(0.012 + waitSec, 9)
    // So a target between the longer of the two and their sum needs one more.
    expect(workersFor([calm], { ...target, withinSec: 0.03 })?.workers).toBe(2)
  })

  test('are more where workers get in each other’s way', () => {
    const scaling = { sigma: 0.05, kappa: 0 }
    // c workers do c / (1 + 0.05(c − 1)): 5 do 4.17, of which 70 % are 2.92, 6 do 4.8 and 3.36; 3 are needed.
    expect(workersFor([{ ...validate, scaling }], { ...target, withinSec: 10 })?.workers).toBe(6)
  })

  test('are none where one request alone takes too long, or where no number of workers suffices', () => {
    expect(workersFor([{ ...validate, aloneSec: 0.2 }], target)).toBeNull()
    expect(workersFor([{ ...validate, scaling: { sigma: 0.5, kappa: 0 } }], target)).toBeNull()
  })
})
