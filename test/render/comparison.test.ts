// What a comparison concludes, and what it must not: runs of different clouds say nothing of strategies.
// The page and its charts are looked at in test/browser; here are the sentences alone.
import { expect, test } from '@jest/globals'
import { compareRuns } from '../../src/measure/comparison.js'
import type { RunRecord } from '../../src/measure/record.js'
import { curvesOf } from '../../src/rehearsal/runCurves.js'
import { renderComparison } from '../../src/render/comparison.js'
import { comparisonHeadline } from '../../src/render/comparisonStory.js'
import type { ComparisonView } from '../../src/render/comparisonView.js'
import { countOf, eventOf, recordOf, refusedOf } from '../measure/handMade.js'
import { viewOf } from '../support/viewOf.js'

/** A run with a switch after 20 minutes, and so many refusals after it. */
const run = (scenario: string, refusals: number, members: number): RunRecord =>
  recordOf({
    header: {
      scenario,
      classes: [{ name: 'users', behaviour: 'password-session', members, everySec: 60 }],
    },
    events: [eventOf('cutover', 1200, { label: 'switch to fernet', to: 'fernet' })],
    counts: (fromSec) => [refusedOf(fromSec === 1200 ? refusals : 0), countOf(50)],
  })

const comparisonOf = (records: readonly RunRecord[]): ComparisonView => {
  const views = records.map((record) => viewOf(record))
  return {
    title: '',
    comparison: compareRuns(
      views.map(({ summary }) => ({ name: summary.scenario, summary })),
      null,
    ),
    runs: views.map((view) => ({ name: view.header.scenario, curves: curvesOf(view), report: null })),
    search: null,
    command: '',
    confirmed: [],
  }
}

const textOf = ({ comparison }: ComparisonView): string =>
  renderComparison(comparison, { columns: 100, colour: false })

test('of one cloud says which way hurts least', () => {
  const view = comparisonOf([run('hard', 90, 100), run('rolling', 60, 100)])
  expect(comparisonHeadline(view)).toMatch(/^rolling hurts least: 60 requests are refused/)
  expect(textOf(view)).not.toContain('differ in')
})

test('of different clouds ranks no strategy, on the page and on the terminal', () => {
  const view = comparisonOf([run('hard', 90, 100), run('rolling', 60, 40)])
  expect(comparisonHeadline(view)).toMatch(/^These runs are of different clouds, so they do not tell/)
  expect(comparisonHeadline(view)).not.toMatch(/rolling hurts least/)
  expect(textOf(view)).toContain('These runs differ in cloud, so not every difference is the strategy’s.')
})
