// The figures and meanings of the first screen, for a record whose every number was worked out by hand.
// An operator decides by these; golden files show how they look, and this what they say.
import { describe, expect, test } from '@jest/globals'
import { highestRefusals, keyFigures } from '../../src/render/keyFigures.js'
import { causeMeaning, headline, refusedSpan } from '../../src/render/story.js'
import { countOf, eventOf, recordOf, refusedOf, tableOf } from '../measure/handMade.js'
import { viewOf } from '../support/viewOf.js'

const window = (p50Ms: number, p99Ms: number) => ({ count: 100, p50Ms, p95Ms: p99Ms, p99Ms, maxMs: p99Ms })
const none = { count: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 }
/** 30, 50 and 20 refusals in the three intervals of 10 s after the switch, of users and of heat. */
const refusals = new Map([
  [1200, 30],
  [1210, 50],
  [1220, 20],
])
const view = viewOf(
  recordOf({
    events: [eventOf('cutover', 1200, { to: 'fernet', endedSec: 1201 })],
    counts: (fromSec) => {
      const n = refusals.get(fromSec) ?? 0
      return [countOf(50), refusedOf(n - n / 10), refusedOf(n / 10, { clientClass: 'heat' })]
    },
    table: [tableOf(0, 250_000), tableOf(1200, 300_000), tableOf(3600, 0)],
    end: { latency: { validate: { before: window(4, 10), after: window(2, 12), timeLapse: none } } },
  }),
)

describe('the figures of the first screen', () => {
  test.each([
    ['Refused requests', '100', 'of 18,100 (0.6 %)'],
    ['Highest refusal rate', '5/s', 'at 0:20:10, over 10 s'],
    ['Time with refusals', '30 s', 'first 0:20:00, last 0:20:30'],
    ['Rows in token', '300,000 → 0', 'empty at 1:00:00'],
    ['Validate p99', '10 → 12 ms', 'p50 4 → 2 ms; before → after'],
  ])('%s: %s, %s', (label, value, note) => {
    expect(keyFigures(view).find((each) => each.label === label)).toEqual({ label, value, note })
  })

  test('are those of all classes together, from the first refusal to the end of the last interval with one', () => {
    expect(highestRefusals(view)).toEqual({ perSec: 5, atSec: 1210 })
    expect(refusedSpan(view)).toEqual({ fromSec: 1200, toSec: 1230 })
  })
})

test('the headline counts the gates that failed, and not those that had no data', () => {
  const gates = ['rejected() == 0', 'requests() > 0', 'p99(response, op=issue) < 5s']
  const judged = viewOf(recordOf({ header: { gates }, counts: () => [countOf(1), refusedOf(1)] }))
  expect(judged.summary.gates.map(({ result }) => result)).toEqual(['fail', 'pass', 'no-data'])
  expect(headline(judged)).toBe('1 gate of 3 failed.')
})

test.each([
  ['uuid-on-fernet-node', /^a UUID token .* switched to Fernet$/],
  ['fernet-on-uuid-node', /^a Fernet token .* still ran UUID$/],
  ['key-not-distributed', /key .* not been given yet$/],
  ['key-rotated-away', /key .* rotated away$/],
  ['expired', /end of its validity$/],
  ['flushed', /row .* gone from the table$/],
  ['stale-cache', /cache .* no longer was true$/],
  ['service-unavailable', /service .* its own token$/],
] as const)('the cause %s is told as what it is', (cause, words) => {
  expect(causeMeaning[cause]).toMatch(words)
})
