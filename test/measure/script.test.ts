// Response times that follow from a script, against the closed form and against values worked out on paper.
// It exists because the load generator is held against these.
import { describe, expect, test } from '@jest/globals'
import {
  answerSec,
  quantileOf,
  scriptedResponses,
  stallQuantileSec,
  type Script,
} from '../../src/measure/script.js'

const steady: Script = { serviceSec: 0.02, slow: null, stall: null, restart: null }
const stalling: Script = { ...steady, stall: { fromSec: 3, forSec: 2 } }

/** So many instants, evenly over so many seconds, each in the middle of its share. */
const evenly = (count: number, seconds: number): number[] =>
  Array.from({ length: count }, (_, i) => ((i + 0.5) * seconds) / count)

describe('an answer', () => {
  test('comes after the service time', () => {
    expect(answerSec(steady, 7, 1)).toBeCloseTo(7.02, 12)
  })

  test('is slow for each n-th request only', () => {
    const script = { ...steady, slow: { nth: 100, serviceSec: 0.05 } }
    const responses = scriptedResponses(script, evenly(1000, 10)).map((sec) => Math.round((sec ?? 0) * 1000))
    expect(responses.filter((ms) => ms === 50)).toHaveLength(10)
    expect(responses.filter((ms) => ms === 20)).toHaveLength(990)
    expect([responses[98], responses[99], responses[100]]).toEqual([20, 50, 20])
  })

  test.each([
    [2.97, 2.99],
    [2.981, 5],
    [3.5, 5],
    [4.979, 5],
    [4.99, 5.01],
  ])('to what comes in at %d s leaves at %d s around a stall from 3 s to 5 s', (atSec, endSec) => {
    expect(answerSec(stalling, atSec, 1)).toBeCloseTo(endSec, 12)
  })

  test.each([
    [2.97, 2.99],
    [2.99, null],
    [3.5, null],
    [4, 4.02],
  ])('to what comes in at %d s leaves at %s around a restart from 3 s to 4 s', (atSec, endSec) => {
    const end = answerSec({ ...steady, restart: { fromSec: 3, forSec: 1 } }, atSec, 1)
    expect(end === null ? null : Math.round(end * 1000) / 1000).toBe(endSec)
  })
})

describe('a quantile', () => {
  // The nearest-rank method on the list 15, 20, 35, 40, 50, a textbook example.
  test.each([
    [0.05, 15],
    [0.3, 20],
    [0.4, 20],
    [0.5, 35],
    [1, 50],
  ])('of rank %d is the value at that rank', (share, value) => {
    expect(quantileOf([35, 50, 15, 40, 20], share)).toBe(value)
  })

  test('of nothing is zero', () => {
    expect(quantileOf([], 0.5)).toBe(0)
  })
})

describe('a stall in open loop', () => {
  // 20 ms, 2 s of 10 s: a fifth of all requests, uniform from 20 ms to 2.02 s.
  test.each([
    [0.5, 0.02],
    [0.8, 0.02],
    [0.9, 1.02],
    [0.99, 1.92],
    [1, 2.02],
  ])('has p%d at %d s', (share, sec) => {
    expect(stallQuantileSec({ serviceSec: 0.02, stallSec: 2, runSec: 10 }, share)).toBeCloseTo(sec, 12)
  })

  test.each([50, 500, 5000])('is the same by the closed form and request by request, at %d/s', (perSec) => {
    const responses = scriptedResponses(stalling, evenly(perSec * 10, 10)).map((sec) => sec ?? NaN)
    for (const share of [0.5, 0.85, 0.9, 0.99, 0.999]) {
      const known = stallQuantileSec({ serviceSec: 0.02, stallSec: 2, runSec: 10 }, share)
      // A value may be one gap off, since there is no arrival between two.
      expect(Math.abs(quantileOf(responses, share) - known)).toBeLessThanOrEqual(1 / perSec + 1e-9)
    }
  })
})
