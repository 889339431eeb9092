// Peaks on hand-made refusals with known answers, and on noise in which there is none to find.
// The rate of false peaks is measured over seeds, because the method promises a bound for it.
import { describe, expect, test } from '@jest/globals'
import { Random } from '../../src/base/random.js'
import { findPeaks } from '../../src/measure/peaks.js'
import { backgroundOf } from '../../src/measure/standingOut.js'
import type { Count } from '../../src/measure/record.js'
import { countOf, eventOf, recordOf, refusedOf, type HandMade } from './handMade.js'

/** Whole numbers with a given mean: counts the exponential gaps that fit. */
const poisson = (random: Random, mean: number): number => {
  let n = 0
  for (let at = random.exponential(1); at < mean; at += random.exponential(1)) n++
  return n
}

const cutover = eventOf('cutover', 1200, { label: 'switch to fernet', to: 'fernet', endedSec: 1210 })
const heat = { clientClass: 'heat' }

/** A run of an hour with a switch after 20 minutes, and refusals of users by a rate at each second. */
const run = (perSec: (sec: number) => number, more: HandMade = {}) =>
  recordOf({
    events: [cutover],
    counts: (fromSec) => {
      let n = 0
      for (let sec = fromSec; sec < fromSec + (more.header?.intervalSec ?? 10); sec++) n += perSec(sec)
      return [refusedOf(Math.round(n)), countOf(50)]
    },
    ...more,
  })

describe('a single peak', () => {
  const square = run((sec) => (sec >= 1200 && sec < 1500 ? 3 : 0))

  test('is found with its edges, its height and its sum', () => {
    expect(findPeaks(square)).toMatchObject([
      {
        class: 'users',
        fromSec: 1200,
        toSec: 1500,
        peakAtSec: 1200,
        peakPerSec: 3,
        total: 900,
        byClass: { users: 900 },
        byCause: { 'uuid-on-fernet-node': 900 },
        mostUntilSec: 1490,
        begunBy: 'switch to fernet',
        scaled: false,
      },
    ])
  })

  test('is the same in intervals of a second and of ten', () => {
    const fine = run((sec) => (sec >= 1200 && sec < 1500 ? 3 : 0), { header: { intervalSec: 1 } })
    const told = ({ fromSec, toSec, peakPerSec, total }: ReturnType<typeof findPeaks>[number]) => ({
      fromSec,
      toSec,
      peakPerSec,
      total,
    })
    expect(findPeaks(fine).map(told)).toEqual(findPeaks(square).map(told))
  })

  test('is as high as its highest ten seconds, wherever they lie', () => {
    const spike = (sec: number): number => (sec >= 1300 && sec < 1310 ? 6 : sec >= 1200 && sec < 1500 ? 2 : 0)
    const fine = run(spike, { header: { intervalSec: 1 } })
    expect(findPeaks(fine)).toMatchObject([{ peakAtSec: 1300, peakPerSec: 6 }])
    // Half of them: what a shorter spike is worth in ten seconds.
    const brief = run((sec) => (sec >= 1305 && sec < 1310 ? 2 : spike(sec)), { header: { intervalSec: 1 } })
    expect(findPeaks(brief)[0]?.peakPerSec).toBeCloseTo((5 * 6 + 5 * 2) / 10)
  })

  test('begins with the switch, not with the interval that the switch lies in', () => {
    const late = { ...cutover, startedSec: 1204 }
    const record = run((sec) => (sec >= 1204 && sec < 1500 ? 3 : 0), { events: [late] })
    expect(findPeaks(record)[0]?.fromSec).toBe(1204)
  })

  test('that dies away keeps its tail as long as that stands out, and says by when most of it had come', () => {
    const record = run((sec) => (sec >= 1200 ? 4 * Math.exp(-(sec - 1200) / 200) : 0))
    const [peak, ...others] = findPeaks(record)
    expect(others).toEqual([])
    // 95 % of an exponential lie within three of its time constants.
    expect(peak?.mostUntilSec).toBeGreaterThan(1700)
    expect(peak?.mostUntilSec).toBeLessThan(1900)
    expect(peak?.toSec).toBeGreaterThanOrEqual(peak?.mostUntilSec ?? 0)
    expect(peak?.toSec).toBeLessThan(2600)
  })

  test('a handful of refusals where there never were any is a peak', () => {
    const record = run((sec) => (sec >= 1300 && sec < 1330 ? 0.5 : 0))
    expect(findPeaks(record)).toMatchObject([{ fromSec: 1300, toSec: 1330, total: 15 }])
  })

  test('a class that calls seldom gets its peak too, after a short look before the switch', () => {
    const record = recordOf({
      header: { durationSec: 600, warmupSec: 10 },
      events: [eventOf('cutover', 30, { to: 'fernet' })],
      counts: (fromSec) => [fromSec >= 30 && fromSec < 300 ? refusedOf(1, heat) : countOf(1, heat)],
    })
    expect(findPeaks(record)).toMatchObject([{ class: 'heat', fromSec: 30, toSec: 300, total: 27 }])
  })
})

describe('several peaks', () => {
  test('peaks of two classes may overlap', () => {
    const record = recordOf({
      events: [cutover],
      counts: (fromSec) => [
        refusedOf(fromSec >= 1200 && fromSec < 1800 ? 20 : 0),
        refusedOf(fromSec >= 1500 && fromSec < 2400 ? 5 : 0, heat),
      ],
    })
    const spans = findPeaks(record).map((peak) => [peak.class, peak.fromSec, peak.toSec])
    expect(spans).toEqual([
      ['users', 1200, 1800],
      ['heat', 1500, 2400],
    ])
  })

  test('a pause shorter than what lies beside it is a pause in one peak', () => {
    const record = run((sec) => (sec >= 1200 && sec < 2400 && !(sec >= 1600 && sec < 1800) ? 2 : 0))
    expect(findPeaks(record)).toMatchObject([{ fromSec: 1200, toSec: 2400 }])
  })

  test('two short bursts far apart are two peaks', () => {
    const record = run((sec) => ((sec >= 1200 && sec < 1260) || (sec >= 2400 && sec < 2460) ? 2 : 0))
    expect(findPeaks(record).map((peak) => [peak.fromSec, peak.toSec])).toEqual([
      [1200, 1260],
      [2400, 2460],
    ])
  })

  test('a rollback begins a peak of its own, with its own cause, although the first was still going on', () => {
    const rollback = eventOf('cutover', 2000, { label: 'switch to uuid', to: 'uuid', endedSec: 2010 })
    const record = recordOf({
      events: [cutover, rollback],
      counts: (fromSec) => [
        refusedOf(fromSec >= 1200 && fromSec < 2000 ? 20 : 0),
        refusedOf(fromSec >= 2000 && fromSec < 2300 ? 30 : 0, { cause: 'fernet-on-uuid-node' }),
        countOf(50),
      ],
    })
    expect(findPeaks(record)).toMatchObject([
      { fromSec: 1200, toSec: 2000, mainCause: 'uuid-on-fernet-node', endedBy: 'rollback to uuid' },
      { fromSec: 2000, toSec: 2300, mainCause: 'fernet-on-uuid-node', begunBy: 'switch to uuid' },
    ])
  })

  test('what happens by itself, and changes why requests are refused, begins a peak of its own', () => {
    const died = eventOf('died', 2000, { label: 'backend 2 died', origin: 'fault', ok: false })
    const record = recordOf({
      events: [cutover, died],
      counts: (fromSec) => [
        refusedOf(fromSec >= 1200 && fromSec < 2000 ? 20 : 0),
        refusedOf(fromSec >= 2000 && fromSec < 2300 ? 30 : 0, { cause: 'service-unavailable' }),
        countOf(50),
      ],
    })
    expect(findPeaks(record)).toMatchObject([
      { fromSec: 1200, toSec: 2000, mainCause: 'uuid-on-fernet-node' },
      { fromSec: 2000, toSec: 2300, mainCause: 'service-unavailable', begunBy: 'backend 2 died' },
    ])
  })

  test('a pause in which something was done parts two peaks, though it is short', () => {
    const refused = (sec: number): number =>
      sec >= 1200 && sec < 2400 && !(sec >= 1700 && sec < 1800) ? 2 : 0
    expect(findPeaks(run(refused))).toHaveLength(1)
    const rotate = eventOf('keys.rotate', 1750, { label: 'rotate keys' })
    expect(findPeaks(run(refused, { events: [cutover, rotate] }))).toMatchObject([
      { fromSec: 1200, toSec: 1700 },
      { fromSec: 1800, toSec: 2400 },
    ])
  })

  test('the nodes of a rolling switch are one step and cut no peak', () => {
    const nodes = [0, 1, 2, 3].map((k) => eventOf(`cutover node ${k + 1}`, 1200 + 30 * k, { to: 'fernet' }))
    const record = recordOf({
      events: [...nodes, { ...cutover, endedSec: 1291 }],
      counts: (fromSec) => {
        const mixed = fromSec >= 1200 && fromSec < 1290
        return [
          refusedOf(fromSec >= 1200 && fromSec < 1900 ? 9 : 0),
          refusedOf(mixed ? 14 : 0, { cause: 'fernet-on-uuid-node' }),
          countOf(50),
        ]
      },
    })
    expect(findPeaks(record)).toHaveLength(1)
  })
})

describe('backgrounds', () => {
  test('a class refused all the time at one rate has no peak', () => {
    expect(findPeaks(run(() => 2))).toEqual([])
  })

  test('a peak on a background is found within an interval of its edges', () => {
    const random = new Random(3, 'background')
    const record = run((sec) => poisson(random, sec >= 1200 && sec < 1800 ? 3 : 0.5))
    const peaks = findPeaks(record)
    expect(peaks).toHaveLength(1)
    expect(Math.abs((peaks[0]?.fromSec ?? 0) - 1200)).toBeLessThanOrEqual(10)
    expect(Math.abs((peaks[0]?.toSec ?? 0) - 1800)).toBeLessThanOrEqual(10)
  })

  test('refusals that never end after the switch are one long peak to the end', () => {
    const random = new Random(4, 'scripts')
    const record = run((sec) => poisson(random, sec >= 1200 ? 0.1 : 0))
    expect(findPeaks(record)).toMatchObject([{ endedBy: 'still going on at the end' }])
    expect(findPeaks(record)[0]?.toSec).toBeGreaterThan(3500)
  })

  test('a peak that leaves a floor behind is one peak to the end', () => {
    const random = new Random(5, 'floor')
    const record = run((sec) => poisson(random, sec < 1200 ? 0 : sec < 1500 ? 5 : 0.1))
    expect(findPeaks(record)).toMatchObject([{ fromSec: 1200, endedBy: 'still going on at the end' }])
  })

  test('is taken so high that a higher one would have shown more refusals, all but surely', () => {
    const atMost = (k: number, mean: number): number => {
      let term = Math.exp(-mean)
      let total = term
      for (let i = 1; i <= k; i++) total += term *= mean / i
      return total
    }
    for (const k of [0, 1, 2, 5, 10, 50, 200, 500]) {
      const grid = { intervalSec: 10, counts: [k, 0], exposureSec: [500, 500] }
      const { perSec } = backgroundOf(grid, { from: 0, to: 2 }, 1000)
      expect(atMost(k, perSec * 1000)).toBeLessThan(0.003)
      expect(atMost(k, perSec * 1000)).toBeGreaterThan(0.0005)
    }
  })

  test('a stray refusal shortly before the switch does not make the peak begin before it', () => {
    const record = recordOf({
      events: [cutover],
      counts: (fromSec) => [
        refusedOf(fromSec === 1190 ? 1 : 0, { ...heat, cause: 'expired' }),
        fromSec >= 1200 && fromSec < 1800 ? refusedOf(1, heat) : countOf(1, heat),
      ],
    })
    expect(findPeaks(record)).toMatchObject([{ fromSec: 1200, byCause: { 'uuid-on-fernet-node': 60 } }])
  })

  test('a background that comes in bursts makes no peaks of its bursts', () => {
    const bursts = (seed: number) => {
      const random = new Random(seed, 'bursts')
      return run(() => (random.unit() < 0.02 ? 15 : 0))
    }
    const found = Array.from({ length: 40 }, (_, seed) => findPeaks(bursts(seed)).length)
    expect(found.filter((n) => n > 0).length).toBeLessThanOrEqual(2)
  })

  test('on Poisson noise at most one run in a hundred shows a peak, at any rate and in any width of interval', () => {
    let runs = 0
    let shown = 0
    for (const perSec of [0.002, 0.02, 0.2, 2]) {
      for (const intervalSec of [1, 10]) {
        for (let seed = 0; seed < 50; seed++) {
          const random = new Random(seed, 'noise', perSec, intervalSec)
          const record = recordOf({
            header: { intervalSec },
            events: [cutover],
            counts: () => [refusedOf(poisson(random, perSec * intervalSec)), countOf(10 * intervalSec)],
          })
          runs++
          if (findPeaks(record).length > 0) shown++
        }
      }
    }
    expect(runs).toBe(400)
    expect(shown).toBeLessThanOrEqual(4)
  })
})

describe('what began and ended a peak', () => {
  const restart = eventOf('restart', 1800, { label: 'restart heat', target: 'heat', endedSec: 1803 })
  const heatUntil = (untilSec: number, events = [cutover, restart]) =>
    recordOf({
      events,
      counts: (fromSec): Count[] => [
        fromSec >= 1200 && fromSec < untilSec ? refusedOf(2, heat) : countOf(2, heat),
      ],
    })

  test('the restart of its class, if the refusals ceased with it', () => {
    expect(findPeaks(heatUntil(1800))).toMatchObject([
      { endedBy: 'restart heat', ending: { how: 'restart', atSec: 1800 } },
    ])
  })

  test('not the restart of another class', () => {
    const other = { ...restart, target: 'magnum', label: 'restart magnum' }
    expect(findPeaks(heatUntil(1800, [cutover, other]))).toMatchObject([
      { endedBy: null, ending: { how: 'unknown' } },
    ])
  })

  test('not a restart that failed, nor one long after the last refusal', () => {
    expect(findPeaks(heatUntil(1800, [cutover, { ...restart, ok: false }]))).toMatchObject([
      { endedBy: null },
    ])
    expect(findPeaks(heatUntil(1500))).toMatchObject([{ endedBy: null }])
  })

  test('no action that lay long before it, if anything may bring its cause about', () => {
    const revoked = (fromSec: number) =>
      recordOf({
        events: [cutover],
        counts: (sec) => [
          refusedOf(sec >= fromSec && sec < fromSec + 300 ? 20 : 0, { cause: 'revoked' }),
          countOf(50),
        ],
      })
    expect(findPeaks(revoked(1220))).toMatchObject([{ begunBy: 'switch to fernet' }])
    expect(findPeaks(revoked(1800))).toMatchObject([{ begunBy: null }])
  })

  test('its own sessions, if about as many new tokens were issued as were refused', () => {
    const record = recordOf({
      events: [cutover],
      counts: (fromSec) => {
        const n = fromSec >= 1200 && fromSec < 1500 ? 20 : 0
        return [refusedOf(n), countOf(n, { op: 'issue', status: 201 }), countOf(20)]
      },
    })
    expect(findPeaks(record)).toMatchObject([{ endedBy: 'sessions renewed themselves' }])
  })

  test('the end of the record ends nothing', () => {
    expect(findPeaks(heatUntil(1790, [cutover])).at(0)?.endedBy).toBeNull()
    const cutShort = { ...heatUntil(1800), end: null }
    const until = cutShort.intervals.filter((line) => line.fromSec < 1800)
    expect(findPeaks({ ...cutShort, intervals: until })).toMatchObject([
      { endedBy: 'still going on at the end' },
    ])
  })

  test('keys that came late explain the peak between rotation and distribution', () => {
    const rotate = eventOf('keys.rotate', 1200, { label: 'rotate keys', origin: 'clock' })
    const distribute = eventOf('keys.distribute', 1500, { label: 'distribute keys', origin: 'clock' })
    const record = recordOf({
      events: [rotate, distribute],
      counts: (fromSec) => [
        refusedOf(fromSec >= 1200 && fromSec < 1500 ? 10 : 0, { cause: 'key-not-distributed' }),
        countOf(20),
      ],
    })
    expect(findPeaks(record)).toMatchObject([{ begunBy: 'rotate keys', endedBy: 'distribute keys' }])
    const failed = { ...record, events: [rotate, { ...distribute, ok: false }] }
    expect(findPeaks(failed)).toMatchObject([{ begunBy: 'rotate keys', endedBy: null }])
  })

  test('a fault that was there when it began explains its end, if the refusals ceased as it was undone', () => {
    const label = 'keys-withheld on node 3'
    const fault = eventOf('fault keys-withheld', 600, { fault: 1, label })
    const rotate = eventOf('keys.rotate', 1200, { label: 'rotate keys', origin: 'clock' })
    const until = (sec: number) =>
      recordOf({
        events: [fault, rotate, eventOf('repair keys-withheld', sec, { fault: 1, label: `end of ${label}` })],
        // Those who were refused log in again each time, which alone would look like sessions that renew themselves.
        counts: (fromSec) => {
          const n = fromSec >= 1200 && fromSec < 1500 ? 10 : 0
          return [
            refusedOf(n, { cause: 'key-not-distributed' }),
            countOf(n, { op: 'issue', status: 201 }),
            countOf(20),
          ]
        },
      })
    expect(findPeaks(until(1500))).toMatchObject([
      { begunBy: 'rotate keys', endedBy: `the end of ${label}`, ending: { how: 'repair', atSec: 1500 } },
    ])
    expect(findPeaks(until(2400))).toMatchObject([{ endedBy: 'sessions renewed themselves' }])
  })

  test('the last node that switched, if tokens of both kinds were refused until then', () => {
    const rolling = { ...cutover, endedSec: 1500 }
    const both = (others: number) =>
      recordOf({
        events: [rolling],
        counts: (fromSec) => {
          const on = fromSec >= 1200 && fromSec < 1500 ? 1 : 0
          return [
            refusedOf(20 * on),
            refusedOf(others * on, { cause: 'fernet-on-uuid-node' }),
            countOf(30 * on, { op: 'issue', status: 201 }),
            countOf(20),
          ]
        },
      })
    expect(findPeaks(both(10))).toMatchObject([{ ending: { how: 'switch-completed', atSec: 1500 } }])
    expect(findPeaks(both(1))).toMatchObject([{ ending: { how: 'renewed' } }])
  })

  test('a fault explains no refusals that a switch alone brings about', () => {
    const fault = eventOf('fault backend-hung', 600, { fault: 1, label: 'backend-hung on node 1' })
    const repair = eventOf('repair backend-hung', 1800, { fault: 1, label: 'end of backend-hung on node 1' })
    expect(findPeaks(heatUntil(1800, [fault, cutover, repair]))).toMatchObject([{ endedBy: null }])
  })

  test('a fault that nothing else explains began what it was there for', () => {
    const fault = eventOf('fault clock-skew', 1000, { fault: 1, label: 'clock-skew on node 3' })
    const record = recordOf({
      events: [fault],
      counts: (fromSec) => [
        refusedOf(fromSec >= 1200 && fromSec < 1500 ? 10 : 0, { cause: 'expired' }),
        countOf(20),
      ],
    })
    expect(findPeaks(record)).toMatchObject([{ begunBy: 'clock-skew on node 3' }])
  })
})

describe('shares of traffic', () => {
  const clock = [
    { untilSec: 1800, speed: 60, traffic: 1 },
    { untilSec: 3600, speed: 1440, traffic: 0.1 },
  ]

  test('the height is taken from full traffic, however high the scaled rate would be elsewhere', () => {
    const record = run((sec) => (sec < 1200 ? 0 : sec < 1800 ? 1 : 0.4), { header: { clock } })
    expect(findPeaks(record)).toMatchObject([{ peakPerSec: 1, scaled: false, leastTraffic: 0.1 }])
  })

  test('a peak that lies wholly in thinned traffic has an estimated height, and says so', () => {
    const record = run((sec) => (sec >= 2400 && sec < 2700 ? 0.3 : 0), { header: { clock } })
    const [peak] = findPeaks(record)
    expect(peak).toMatchObject({ fromSec: 2400, toSec: 2700, scaled: true, total: 90 })
    expect(peak?.peakPerSec).toBeCloseTo(3)
  })

  test('a floor goes on through thinned traffic as one peak', () => {
    const random = new Random(6, 'thinned')
    const record = run((sec) => poisson(random, sec < 1200 ? 0 : sec < 1800 ? 0.5 : 0.05), {
      header: { clock },
    })
    expect(findPeaks(record)).toMatchObject([{ fromSec: 1200, endedBy: 'still going on at the end' }])
  })
})

test('a record without intervals has no peaks', () => {
  expect(findPeaks(recordOf({ recordedSec: 0 }))).toEqual([])
})
