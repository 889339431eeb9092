// The sentences and figures of a run's first screen that are easily untrue: of whom, how long, before and after what.
// They stand apart from the golden files, because each is about a case that those do not have.
import { describe, expect, test } from '@jest/globals'
import { keyFigures } from '../../src/render/keyFigures.js'
import { latencyTitle, reasons } from '../../src/render/story.js'
import { renderTerminal } from '../../src/render/terminal.js'
import { countOf, eventOf, recordOf, refusedOf } from '../measure/handMade.js'
import { viewOf } from '../support/viewOf.js'

const cutover = eventOf('cutover', 1200, { label: 'switch to fernet', to: 'fernet', endedSec: 1210 })
const quantiles = { p50Ms: 5, p95Ms: 6, p99Ms: 7, maxMs: 8 }
const none = { count: 0, p50Ms: 0, p95Ms: 0, p99Ms: 0, maxMs: 0 }

/** A peak of 900 refusals after the switch and one refusal long before it. */
const refusedTwice = (memberWithoutSec: number) =>
  viewOf(
    recordOf({
      events: [cutover],
      counts: (fromSec) => [
        refusedOf(fromSec >= 1200 && fromSec < 1500 ? 30 : fromSec === 300 ? 1 : 0),
        countOf(50),
      ],
      line: (fromSec) =>
        fromSec === 1200
          ? { membersHit: { users: 1 }, memberWithoutSec: { users: memberWithoutSec } }
          : fromSec === 300
            ? { membersHit: { users: 1 } }
            : {},
    }),
  )

describe('who was refused', () => {
  test('tells of members over the whole run, so it tells of refusals outside the peak too', () => {
    expect(reasons(refusedTwice(65)).join(' ')).toContain(
      'users were refused for 5 min: 900 requests, and 1 at another time; 2 of 100 members were hit, one of them without a good answer for 1 min 5 s.',
    )
  })

  test('calls nobody without service for the moment of a log-in', () => {
    expect(reasons(refusedTwice(0.001_44)).join(' ')).toContain('2 of 100 members were hit.')
  })
})

describe('a run in which no backend switched', () => {
  const view = viewOf(
    recordOf({
      events: [
        eventOf('fault database-stopped', 1800, { fault: 1, label: 'database-stopped', endedSec: 1800 }),
        eventOf('repair database-stopped', 1890, {
          fault: 1,
          label: 'end of database-stopped',
          endedSec: 1890,
        }),
      ],
      counts: (fromSec) => [
        countOf(100),
        countOf(fromSec >= 1800 && fromSec < 1890 ? 10 : 0, { outcome: 'failed', status: 500 }),
      ],
      line: () => ({ latency: { validate: { ...quantiles, n: 100 } } }),
      end: { latency: { validate: { before: { ...quantiles, count: 100 }, after: none, timeLapse: none } } },
    }),
  )

  test('has no before and after', () => {
    expect(latencyTitle(view)).toBe('Response time over the run')
    const text = renderTerminal(view, { columns: 100, colour: false })
    expect(text).toMatch(/^validate +whole run +100 +5 ms/m)
    expect(text).not.toMatch(/before|after the/)
    const figures = keyFigures(view).map(({ value, note }) => `${value} ${note}`)
    expect(figures.filter((each) => /→|before|after/.test(each))).toEqual([])
  })

  test('names the fault where it is looked at first, with what went wrong and until when', () => {
    expect(reasons(view).join(' ')).toMatch(
      /database-stopped at 0:30:00 for 1 min 30 s: 90 requests went wrong, and all went well again 1 min \d+ s after it began\./,
    )
  })
})
