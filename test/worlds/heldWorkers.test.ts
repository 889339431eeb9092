// The workers of a measured Keystone as a backend plays them: a queue, first come first served, and times that are those drawn.
// Time is jest's own here, so what is expected is exact.
import { afterEach, beforeEach, describe, expect, jest, test } from '@jest/globals'
import type { Request } from '../../src/identity/exchange.js'
import { HeldWorkers } from '../../src/worlds/local/heldWorkers.js'
import type { ServiceTimes, Served } from '../../src/worlds/costs/serviceTimes.js'

const request = (path = '/v3/auth/tokens', method = 'GET'): Request => ({
  method,
  path,
  query: '',
  json: undefined,
  header: () => undefined,
})

let drawnFor: Served[] = []
let speed = 1

const workersOf = (workers: number, drawMs: number): HeldWorkers => {
  const times = {
    drawMs: (served: Served) => {
      drawnFor.push(served)
      return drawMs
    },
  } as ServiceTimes
  const options = {
    times,
    workers,
    answer: () => null,
    mode: () => 'fernet' as const,
    revocationEvents: () => 0,
    speed: () => speed,
  }
  return new HeldWorkers(options, true)
}

/** Sends requests now; when each is answered is noted. */
const send = (workers: HeldWorkers, count: number, ends: number[]): void => {
  for (let i = 0; i < count; i++) {
    workers.admit(request(), (held) => {
      held?.answered(200, () => ends.push(Math.round(performance.now())))
    })
  }
}

describe('held workers', () => {
  beforeEach(() => {
    jest.useFakeTimers({ now: 0 })
    drawnFor = []
    speed = 1
  })
  afterEach(() => {
    jest.useRealTimers()
  })

  test('answer two at a time, each after its time, in the order of arrival', () => {
    const ends: number[] = []
    const startMs = performance.now()
    send(workersOf(2, 10), 5, ends)
    jest.advanceTimersByTime(100)
    expect(ends.map((end) => end - startMs)).toEqual([10, 10, 20, 20, 30])
  })

  test('draw with the number of requests that are there', () => {
    send(workersOf(2, 10), 4, [])
    jest.advanceTimersByTime(100)
    expect(drawnFor.map(({ inSystem }) => inSystem)).toEqual([1, 2, 3, 2])
  })

  test('are as much quicker as the scenario’s clock', () => {
    const ends: number[] = []
    speed = 5
    const startMs = performance.now()
    send(workersOf(1, 10), 3, ends)
    jest.advanceTimersByTime(100)
    expect(ends.map((end) => end - startMs)).toEqual([2, 4, 6])
  })

  test('forget who waited when their processes end', () => {
    const ends: number[] = []
    const workers = workersOf(1, 10)
    send(workers, 3, ends)
    workers.drop()
    send(workers, 1, ends)
    jest.advanceTimersByTime(100)
    // What was under way is sent into a connection that is gone; of those who waited nobody is served.
    expect(drawnFor).toHaveLength(2)
    expect(ends).toHaveLength(2)
  })

  test('take nothing but tokens, and nothing before the run has begun', () => {
    const workers = workersOf(1, 10)
    let free = 0
    const count = (held: unknown): void => {
      if (held === null) free++
    }
    workers.admit(request('/healthcheck'), count)
    workers.active = false
    workers.admit(request(), count)
    expect(free).toBe(2)
  })
})
