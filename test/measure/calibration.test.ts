// The verdict on a calibration, on figures made by hand: what passes, what fails, what decides nothing.
// It exists because this verdict is what other verdicts rest on.
import { describe, expect, test } from '@jest/globals'
import { judgeCalibration, judgeCase, type OwnFigures } from '../../src/measure/calibration.js'

const good: OwnFigures = {
  name: 'constant 20 ms, 500/s',
  perSec: 500,
  seconds: 10,
  planned: 5000,
  answered: 5000,
  failed: 0,
  failedExpected: 0,
  shed: 0,
  quantiles: [
    { share: 0.5, expectedMs: 20, measuredMs: 20.9, servedMs: 20.4 },
    { share: 0.995, expectedMs: 1000, measuredMs: 1019, servedMs: 1004 },
  ],
  misbound: 0,
  gapsPlanned: 0.01,
  gapsSent: 0.03,
  gapsAtStub: 0.2,
  gapsCritical: 0.023,
  lateness: { p50Ms: 0.01, p99Ms: 5, maxMs: 30 },
  load: { cpuShare: 1, cpuWaitShare: 0.5, loopDelayP50Ms: 0, loopDelayP99Ms: 5, loopDelayMaxMs: 40 },
}

const broken = (more: Partial<OwnFigures>): string[] =>
  judgeCase({ ...good, ...more })
    .checks.filter(({ holds }) => !holds)
    .map(({ what }) => what)

describe('a case', () => {
  test('passes at its limits', () => {
    expect(judgeCase(good)).toMatchObject({ verdict: 'pass', flaws: [] })
  })

  test.each<[string, Partial<OwnFigures>, string]>([
    ['an arrival vanished', { answered: 4999 }, 'planned arrivals unaccounted for'],
    ['a reply went to another request', { misbound: 1 }, 'replies given to another request'],
    ['a request was lost without cause', { answered: 4999, failed: 1 }, 'requests lost beyond the script'],
    [
      'a short time is off by more than a millisecond',
      { quantiles: [{ share: 0.5, expectedMs: 20, measuredMs: 21.1, servedMs: 20 }] },
      'p50 off by, ms',
    ],
    [
      'a long time is off by more than 2 %',
      { quantiles: [{ share: 0.995, expectedMs: 1000, measuredMs: 979, servedMs: 1000 }] },
      'p99.5 off by, ms',
    ],
    [
      'the plan is no Poisson process',
      { gapsPlanned: 0.024 },
      'distance of the planned gaps from the exponential',
    ],
    ['requests left in bursts', { gapsSent: 0.07 }, 'distance of the gaps as sent from the exponential'],
  ])('fails if %s', (_, more, what) => {
    expect(broken(more)).toEqual([what])
    expect(judgeCase({ ...good, ...more }).verdict).toBe('fail')
  })

  test.each<[string, Partial<OwnFigures>, string]>([
    [
      'late',
      { lateness: { ...good.lateness, p99Ms: 5.01 } },
      'sent late by 5.01 ms at p99, where 5 ms is allowed',
    ],
    ['held up', { load: { ...good.load, loopDelayP99Ms: 6 } }, 'the event loop came round late by 6 ms'],
    [
      'starved',
      { load: { ...good.load, cpuWaitShare: 0.6 } },
      'for 60 % of the time the generator was ready',
    ],
    ['shedding', { answered: 4990, shed: 10 }, '10 requests were due and never sent'],
    [
      'held against a stub that strayed',
      { quantiles: [{ share: 0.9, expectedMs: 20, measuredMs: 23, servedMs: 22.9 }] },
      'the stub itself did not keep to its script: p90 22.9 ms where 20 ms was scripted',
    ],
  ])('decides nothing if the generator was %s', (_, more, reason) => {
    const { verdict, flaws } = judgeCase({ ...good, ...more })
    expect(verdict).toBe('inconclusive')
    expect(flaws.join('\n')).toContain(reason)
  })

  test('a restart may take a few more than scripted, which were on their way', () => {
    const restart = { planned: 5000, failedExpected: 500 }
    expect(broken({ ...restart, failed: 510, answered: 4490 })).toEqual([])
    expect(broken({ ...restart, failed: 511, answered: 4489 })).toEqual(['requests lost beyond the script'])
  })
})

test('a case that was let run and failed fails all; without one nothing passes while a case decides nothing', () => {
  const of = (...verdicts: ('pass' | 'fail' | 'inconclusive')[]) =>
    judgeCalibration(verdicts.map((verdict) => ({ verdict, flaws: [], checks: [] })))
  expect(of('pass', 'pass')).toBe('pass')
  expect(of('pass', 'inconclusive')).toBe('inconclusive')
  expect(of('inconclusive', 'fail', 'pass')).toBe('fail')
  expect(of()).toBe('inconclusive')
})
