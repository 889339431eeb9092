// Whether the random numbers are random enough and stay where they are: moments, independence, names of streams.
// Bounds are four standard errors of what probability theory says; the seed is fixed, so a test passes always or never.
import { describe, expect, test } from '@jest/globals'
import { NumberedRandom, Random } from '../../src/base/random.js'

const draws = 40_000

const sampleOf = (draw: () => number): readonly number[] => Array.from({ length: draws }, draw)
const meanOf = (values: readonly number[]): number => values.reduce((sum, x) => sum + x, 0) / values.length

/** Expects a mean within four standard errors, given the standard deviation of one value. */
const expectMean = (values: readonly number[], mean: number, deviation: number): void => {
  const error = deviation / Math.sqrt(values.length)
  expect(Math.abs(meanOf(values) - mean)).toBeLessThan(4 * error)
}

/** Pearson's statistic of values that should fall into so many bins equally; its mean is bins − 1. */
const chiSquared = (values: readonly number[], bins: number): number => {
  const counts = new Array<number>(bins).fill(0)
  for (const value of values) counts[value] = (counts[value] ?? 0) + 1
  const expected = values.length / bins
  return counts.reduce((sum, n) => sum + (n - expected) ** 2 / expected, 0)
}

/** Mean and four standard deviations of that statistic. */
const chiLimit = (bins: number): number => bins - 1 + 4 * Math.sqrt(2 * (bins - 1))

/** The state of a generator, which nothing but the test of its algorithm looks at. */
type State = Record<'a' | 'b' | 'c' | 'counter', number>

/** sfc32 after its author's description (PractRand; shifts 9 and 3, rotation 21), in whole numbers without bounds. */
const sfc32 = (state: State): (() => number) => {
  const word = (x: bigint): bigint => BigInt.asUintN(32, x)
  let [a, b, c, counter] = [state.a, state.b, state.c, state.counter].map((x) => word(BigInt(x))) as [
    bigint,
    bigint,
    bigint,
    bigint,
  ]
  return () => {
    const result = word(a + b + counter)
    counter = word(counter + 1n)
    a = b ^ (b >> 9n)
    b = word(c + (c << 3n))
    c = word(((c << 21n) | (c >> 11n)) + result)
    return Number(result)
  }
}

describe('a stream of random numbers', () => {
  test('follows the algorithm sfc32', () => {
    const random = new Random(1, 'algorithm')
    const reference = sfc32(random as unknown as State)
    for (let i = 0; i < 1000; i++) expect(random.uint32()).toBe(reference())
  })

  test('is normal where that is asked for: mean 0, variance 1, a fortieth beyond 1.959964', () => {
    const random = new Random(1, 'normal')
    const values = sampleOf(() => random.normal())
    expectMean(values, 0, 1)
    // The square of a standard normal number has mean 1 and variance 2.
    expectMean(
      values.map((x) => x * x),
      1,
      Math.sqrt(2),
    )
    const beyond = values.map((x) => (x > 1.959964 ? 1 : 0))
    expectMean(beyond, 0.025, Math.sqrt(0.025 * 0.975))
  })

  test('is uniform on [0, 1): mean 1/2, variance 1/12, every bin alike', () => {
    const random = new Random(1, 'uniform')
    const values = sampleOf(() => random.unit())
    expect(Math.min(...values)).toBeGreaterThanOrEqual(0)
    expect(Math.max(...values)).toBeLessThan(1)
    expectMean(values, 1 / 2, Math.sqrt(1 / 12))
    // The fourth central moment of a uniform number is 1/80.
    const squares = values.map((x) => (x - 1 / 2) ** 2)
    expectMean(squares, 1 / 12, Math.sqrt(1 / 80 - 1 / 144))
    const bins = values.map((x) => Math.floor(x * 100))
    expect(chiSquared(bins, 100)).toBeLessThan(chiLimit(100))
  })

  test('does not tell the next number by the one before', () => {
    const random = new Random(1, 'serial')
    const values = sampleOf(() => random.unit() - 1 / 2)
    const products = values.slice(1).map((x, i) => x * (values[i] ?? 0))
    expectMean(products, 0, 1 / 12)
  })

  test('gives exponential gaps with mean, variance and tail as they must be', () => {
    const random = new Random(1, 'exponential')
    const values = sampleOf(() => random.exponential(20))
    expectMean(values, 20, 20)
    // E(x − mean)² = mean², with fourth central moment 9 · mean⁴.
    expectMean(
      values.map((x) => (x - 20) ** 2),
      400,
      400 * Math.sqrt(8),
    )
    const tail = 1 / Math.E
    expectMean(
      values.map((x) => (x > 20 ? 1 : 0)),
      tail,
      Math.sqrt(tail * (1 - tail)),
    )
  })

  test('gives whole numbers below a bound, each as often', () => {
    const random = new Random(1, 'int')
    const values = sampleOf(() => random.int(7))
    expect(new Set(values)).toEqual(new Set([0, 1, 2, 3, 4, 5, 6]))
    expect(chiSquared(values, 7)).toBeLessThan(chiLimit(7))
  })

  test('picks each element of a list', () => {
    const random = new Random(1, 'pick')
    const list = ['a', 'b', 'c']
    const values = sampleOf(() => list.indexOf(random.pick(list)))
    expect(chiSquared(values, 3)).toBeLessThan(chiLimit(3))
  })

  test('gives hexadecimal digits, as many as are wanted, each as often', () => {
    const random = new Random(1, 'hex')
    for (const digits of [0, 1, 7, 8, 9, 32]) {
      expect(random.hex(digits)).toMatch(new RegExp(`^[0-9a-f]{${digits}}$`))
    }
    const values = random
      .hex(draws)
      .split('')
      .map((digit) => Number.parseInt(digit, 16))
    expect(chiSquared(values, 16)).toBeLessThan(chiLimit(16))
  })

  test('gives bytes, as many as are wanted, each as often', () => {
    const random = new Random(1, 'bytes')
    for (const count of [0, 1, 3, 4, 5, 16]) expect(random.bytes(count)).toHaveLength(count)
    expect(chiSquared([...random.bytes(draws)], 256)).toBeLessThan(chiLimit(256))
  })
})

describe('streams', () => {
  const start = (...name: ConstructorParameters<typeof Random>): string => new Random(...name).hex(32)

  test('with equal names are equal', () => {
    expect(start(1, 'arrivals', 'users', 3)).toBe(start(1, 'arrivals', 'users', 3))
  })

  test('with another seed, label or number are others', () => {
    const names: ConstructorParameters<typeof Random>[] = [
      [1, 'arrivals', 'users', 3],
      [2, 'arrivals', 'users', 3],
      [1, 'choices', 'users', 3],
      [1, 'arrivals', 'heat', 3],
      [1, 'arrivals', 'users', 4],
      [1, 'arrivals', 'users'],
      [1],
      [1 + 2 ** 32, 'arrivals', 'users', 3],
      [1 + 2 ** 33, 'arrivals', 'users', 3],
    ]
    expect(new Set(names.map((name) => start(...name))).size).toBe(names.length)
  })

  test('do not move each other, however many numbers another one gives', () => {
    const alone = new Random(1, 'a')
    const expected = [alone.unit(), alone.unit()]
    const stream = new Random(1, 'a')
    const other = new Random(1, 'b')
    const first = stream.unit()
    for (let i = 0; i < 100; i++) other.unit()
    expect([first, stream.unit()]).toEqual(expected)
  })

  test('of neighbouring numbers do not resemble each other', () => {
    const firsts = sampleOf(() => 0).map((_, i) => new Random(1, 'token', i).unit() - 1 / 2)
    expectMean(firsts, 0, Math.sqrt(1 / 12))
    const products = firsts.slice(1).map((x, i) => x * (firsts[i] ?? 0))
    expectMean(products, 0, 1 / 12)
  })

  // Published pairs of words whose 32-bit FNV-1a hashes are equal, and names of this program for which one of the two
  // hashes is.
  test.each([
    ['costarring', 'liquid'],
    ['declinate', 'macallums'],
    ['altarage', 'zinke'],
    ['token id/38388', 'token id/344324'],
    ['token id/164881', 'token id/578800'],
  ])('stay apart where 32 bits of hash would not tell their names apart: %s and %s', (one, other) => {
    expect(start(1, one)).not.toBe(start(1, other))
  })
})

describe('numbered streams', () => {
  test.each([1, 7, 2 ** 40 + 3])('are those with the number as their last label, seed %d', (seed) => {
    const numbered = new NumberedRandom(seed, 'token', 'id')
    for (const number of [0, 9, 10, 299_999, 7]) {
      const alone = new Random(seed, 'token', 'id', number)
      const stream = numbered.at(number)
      expect(Array.from({ length: 5 }, () => stream.uint32())).toEqual(
        Array.from({ length: 5 }, () => alone.uint32()),
      )
    }
  })
})
