// The recorder's log read back as one distribution, against the values that went in.
// It exists because `cutover calibrate` takes its percentiles from there.
import { expect, test } from '@jest/globals'
import { micros } from '../../src/base/time.js'
import { histogramOf } from '../../src/measure/hlog.js'
import { createRecorder } from '../../src/measure/recorder.js'
import { sampleOf } from './handMade.js'

test('all intervals of one op are joined, those of others are left out', () => {
  const hlog: string[] = []
  const recorder = createRecorder({
    intervalSec: 1,
    durationSec: 10,
    warmupSec: 0,
    classes: ['users'],
    stretches: [{ untilSec: 10, speed: 1, traffic: 1 }],
    emit: () => {},
    emitHlog: (line) => hlog.push(line),
  })
  for (let i = 1; i <= 1000; i++) {
    const atSec = i / 100
    const issued = {
      leg: 'keystone',
      op: 'issue',
      status: 201,
      atSec,
      due: micros(0),
      sent: micros(0),
    } as const
    recorder.record(sampleOf({ ...issued, done: micros(i / 1000) }))
    recorder.record(sampleOf({ ...issued, op: 'validate', done: micros(60) }))
  }
  recorder.finish(10)
  const issues = histogramOf(hlog, 'issue')
  expect(issues.totalCount).toBe(1000)
  // 1 ms to 1,000 ms in steps of 1 ms, to the three digits of the histogram.
  for (const percent of [50, 90, 99]) {
    expect(Math.abs(issues.getValueAtPercentile(percent) / (percent * 10_000) - 1)).toBeLessThan(0.001)
  }
  expect(histogramOf(hlog, 'revoke').totalCount).toBe(0)
})
