// Plans that no other one beats: by the definition, on any set of plans, and in the order in which they are shown.
// The definition is restated here as a sentence per property, not as the code's own loop.
import { expect, test } from '@jest/globals'
import fc from 'fast-check'
import { paretoFront, type Cost } from '../../src/measure/pareto.js'

const plan = (refusals: number, durationSec: number, writes: number): { readonly cost: Cost } => ({
  cost: { refusals, durationSec, writes },
})

test('keeps what is best in something, and leaves out what another is at least as good as in everything', () => {
  const [quick, gentle, worse, cheap] = [plan(90, 0, 5), plan(0, 900, 5), plan(95, 10, 5), plan(90, 950, 1)]
  expect(paretoFront([quick, gentle, worse, cheap])).toEqual([gentle, quick, cheap])
})

test('keeps plans that are equal in everything, as none beats the other', () => {
  expect(paretoFront([plan(1, 2, 3), plan(1, 2, 3)])).toHaveLength(2)
})

test('of any plans keeps some, and each that is left out is beaten by one that is kept', () => {
  const small = fc.nat({ max: 5 })
  fc.assert(
    fc.property(fc.array(fc.tuple(small, small, small), { minLength: 1, maxLength: 30 }), (tuples) => {
      const plans = tuples.map(([a, b, c]) => plan(a, b, c))
      const front = paretoFront(plans)
      expect(front.length).toBeGreaterThan(0)
      for (const { cost } of plans.filter((each) => !front.includes(each))) {
        const atLeastAsGood = front.some(
          (kept) =>
            kept.cost.refusals <= cost.refusals &&
            kept.cost.durationSec <= cost.durationSec &&
            kept.cost.writes <= cost.writes,
        )
        expect(atLeastAsGood).toBe(true)
      }
    }),
  )
})
