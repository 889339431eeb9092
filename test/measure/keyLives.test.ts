// The life of keys as it follows from rotations, by Keystone's rule, and whether any key goes before its tokens do.
// Expected numbers are those of Keystone's own FAQ and of its rule for max_active_keys, not of our output.
import { describe, expect, test } from '@jest/globals'
import { keyLivesOf } from '../../src/measure/keyLives.js'
import { latencyGridOf } from '../../src/measure/latencyGrid.js'
import type { EventLine, RunRecord } from '../../src/measure/record.js'
import { keySentence } from '../../src/render/keyGantt.js'
import { cernRecord } from '../support/cernRecord.js'
import { viewOf } from '../support/viewOf.js'
import { eventOf } from './handMade.js'

const hourSec = 3600

const rotatedRecord = (
  maxActiveKeys: number,
  everySec: number,
  more: readonly EventLine[] = [],
): RunRecord => {
  const record = cernRecord({ intervalSec: 60 })
  const events: EventLine[] = [eventOf('cutover', 1800, { to: 'fernet', endedSec: 1890 }), ...more]
  for (let atSec = everySec; atSec < record.header.durationSec; atSec += everySec)
    events.push(
      eventOf('keys.rotate', atSec, { origin: 'clock', endedSec: atSec }),
      eventOf('keys.distribute', atSec + 60, { origin: 'clock', endedSec: atSec + 60 }),
    )
  return { ...record, header: { ...record.header, maxActiveKeys }, events }
}

describe('the life of keys', () => {
  test('with three active keys ends at the second rotation after a key was primary', () => {
    const lives = keyLivesOf(rotatedRecord(3, 6 * hourSec))
    expect(lives?.keys[0]).toEqual({
      number: 1,
      stagedSec: 0,
      primarySec: 0,
      secondarySec: 6 * hourSec,
      removedSec: 12 * hourSec,
      seals: { fromSec: 1800, toSec: 6 * hourSec + 60 },
      neededUntilSec: 30 * hourSec + 60,
      lostSec: 12 * hourSec + 60,
    })
    expect(lives?.keys.slice(1, 3).map(({ primarySec, removedSec }) => [primarySec, removedSec])).toEqual([
      [6 * hourSec, 18 * hourSec],
      [12 * hourSec, 24 * hourSec],
    ])
  })

  test('is long enough with validity / rotation + 2 keys, and is called too short with fewer', () => {
    const sentence = (most: number): string => {
      const view = viewOf(rotatedRecord(most, 6 * hourSec))
      return view.keyLives === null ? '' : keySentence(view, view.keyLives)
    }
    expect(sentence(6)).toContain('No key was removed before')
    expect(sentence(3)).toContain('Removed too early: key 1')
  })

  test('never counts more active keys than may be', () => {
    for (const most of [2, 3, 5]) {
      const keys = keyLivesOf(rotatedRecord(most, hourSec))?.keys ?? []
      expect(keys.filter(({ removedSec }) => removedSec === null)).toHaveLength(Math.max(2, most))
    }
  })

  test('is told only until a fault changed the keys in a way that the record does not tell', () => {
    const fault = eventOf('fault keys-rotated-early', 9 * hourSec, { label: 'keys-rotated-early', fault: 1 })
    const lives = keyLivesOf(rotatedRecord(3, 6 * hourSec, [fault]))
    expect(lives?.knownUntilSec).toBe(9 * hourSec)
    expect(lives?.keys).toHaveLength(3)
  })

  test('is unknown where the record does not say how many keys may be active', () => {
    const { maxActiveKeys, ...header } = rotatedRecord(3, hourSec).header
    expect(maxActiveKeys).toBe(3)
    expect(keyLivesOf({ ...rotatedRecord(3, hourSec), header })).toBeNull()
  })
})

describe('the grid of response times', () => {
  const record = cernRecord({ intervalSec: 60 })
  const grid = latencyGridOf(record, 'validate', { span: { fromSec: 1200, toSec: 4800 }, columnsMost: 20 })

  test('holds all responses of each column once', () => {
    expect(grid?.columns).toHaveLength(20)
    for (const column of grid?.columns ?? [])
      expect(column.reduce((sum, share) => sum + share, 0)).toBeCloseTo(1)
  })

  test('has half of the responses of an interval at most at its median', () => {
    const alone = latencyGridOf(record, 'validate', { span: { fromSec: 1200, toSec: 1260 }, columnsMost: 1 })
    const p50Ms = record.intervals.find(({ fromSec }) => fromSec === 1200)?.latency.validate?.p50Ms ?? 0
    const at = (alone?.edgesMs ?? []).findIndex((edge) => edge > p50Ms)
    const below = (alone?.columns[0] ?? []).slice(0, at - 1).reduce((sum, share) => sum + share, 0)
    const upTo = (alone?.columns[0] ?? []).slice(0, at).reduce((sum, share) => sum + share, 0)
    expect(below).toBeLessThanOrEqual(0.5)
    expect(upTo).toBeGreaterThanOrEqual(0.5)
  })

  test('is nothing where nothing was measured', () => {
    expect(latencyGridOf(record, 'revoke', { span: { fromSec: 0, toSec: 600 }, columnsMost: 9 })).toBeNull()
  })
})
