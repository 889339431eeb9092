// A fault in the report: its row and its words on a terminal, its section and its bands on the page.
// The figures are those of a record made by hand; what they must be is the business of the measure layer's tests.
import { describe, expect, test } from '@jest/globals'
import { faultBands } from '../../src/render/faults.js'
import { renderHtml } from '../../src/render/html.js'
import { renderTerminal } from '../../src/render/terminal.js'
import { countOf, eventOf, recordOf, refusedOf } from '../measure/handMade.js'
import { viewOf } from '../support/viewOf.js'

const response = (meanMs: number) => ({
  n: 100,
  p50Ms: meanMs,
  p95Ms: meanMs,
  p99Ms: meanMs,
  maxMs: meanMs,
  meanMs,
  sdMs: 1,
})
const ill = (sec: number): boolean => sec >= 1800 && sec < 1900

const view = viewOf(
  recordOf({
    counts: (sec) =>
      ill(sec) ? [countOf(50), refusedOf(50, { cause: 'key-not-distributed' })] : [countOf(100)],
    line: (sec) => ({ latency: { validate: response(ill(sec) ? 30 : 10) } }),
    events: [
      eventOf('fault keys-withheld', 1800, { fault: 1, label: 'keys-withheld on node 3', endedSec: 1800 }),
      eventOf('repair keys-withheld', 1890, {
        fault: 1,
        label: 'end of keys-withheld on node 3',
        endedSec: 1890,
      }),
    ],
  }),
)

describe('a fault in the report', () => {
  test('has a row on the terminal, and in words why requests were refused and what was slower', () => {
    const text = renderTerminal(view, { columns: 120, colour: false })
    const faults = text.slice(text.indexOf('\nFaults\n'), text.indexOf('\nLoad generator\n'))
    expect(faults).toMatch(
      /0:30:00 +keys-withheld on node 3 +1 min 30 s +500 +0 +0 +90\.0 ± 7\.8 s +95\.0 ± 4\.8 s/,
    )
    expect(faults.replaceAll(/\s+/g, ' ')).toContain(
      'keys-withheld on node 3 at 0:30:00: slower by validate × 3.00 ± 0.01 (10 ms → 30 ms); refused for key-not-distributed 500.',
    )
  })

  test('fits a narrow terminal as well', () => {
    const widths = renderTerminal(view, { columns: 60, colour: false })
      .split('\n')
      .map((line) => line.length)
    expect(Math.max(...widths)).toBeLessThanOrEqual(60)
  })

  test('has a section and a band on the page, with the key to its colour', () => {
    const page = renderHtml(view, { uplotScript: '', uplotStyle: '' })
    expect(page).toContain('id="faults"')
    expect(page).toContain('class="band-fault"')
    expect(page).toContain('a fault, to the recovery')
  })

  test('has a band from its beginning to the recovery', () => {
    expect(faultBands(view)).toEqual([{ label: 'keys-withheld', fromSec: 1800, toSec: 1895 }])
  })

  test('is not spoken of on the page where there was none', () => {
    const page = renderHtml(viewOf(recordOf()), { uplotScript: '', uplotStyle: '' })
    expect(page).not.toContain('id="faults"')
  })
})
