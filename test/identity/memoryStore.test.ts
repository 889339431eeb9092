// What the store in memory does beyond the contract of every store: exact sums, flushes that touch only what goes.
// The simulated world's figures are read off it.
import { describe, expect, test } from '@jest/globals'
import { deferredExtra } from '../../src/identity/extra.js'
import { createMemoryStore } from '../../src/identity/memoryStore.js'
import type { TokenExtra, TokenRow } from '../../src/identity/store.js'

const made: number[] = []
const make = (index: number): TokenExtra => {
  made.push(index)
  throw new Error('nobody should look')
}

const row = (index: number, change: Partial<TokenRow> = {}): TokenRow => ({
  id: index.toString(16).padStart(32, '0'),
  expiresAtSec: 1_500_000_000 + index,
  valid: true,
  userId: `user-${index % 3}`,
  trustId: index % 10 === 0 ? `trust-${index % 4}` : null,
  extra: deferredExtra(make, index, 1000 + index),
  ...change,
})

const filled = (count: number): ReturnType<typeof createMemoryStore> => {
  const store = createMemoryStore()
  store.loadNow(
    [],
    Array.from({ length: count }, (_, i) => row(i)),
  )
  return store
}

const flush = { batchRows: 100, transaction: 'one', strict: false } as const

test('counts and bytes are exact, and no column is made for them', () => {
  const store = filled(500)
  expect(store.countTokens()).toBe(500)
  expect(store.tokenBytes()).toBe(500 * 1000 + (500 * 499) / 2)
  store.flushNow({ ...flush, beforeSec: 1_500_000_000 + 249 })
  expect(store.countTokens()).toBe(250)
  expect(store.tokenBytes()).toBe(250 * 1000 + (250 * (250 + 499)) / 2)
  expect(made).toEqual([])
})

test('a flush takes what has expired by its second, a strict one what expired before it', () => {
  const at = 1_500_000_000 + 100
  expect(filled(300).flushNow({ ...flush, beforeSec: at })).toBe(101)
  expect(filled(300).flushNow({ ...flush, beforeSec: at, strict: true })).toBe(100)
  const store = filled(300)
  store.flushNow({ ...flush, beforeSec: at, strict: true })
  expect(store.findToken(row(100).id)).not.toBeNull()
  expect(store.findToken(row(99).id)).toBeNull()
})

test('a flush tells of each batch and of the rest', async () => {
  const told: number[] = []
  const deleted = await filled(300).flushTokens({ ...flush, beforeSec: 1_500_000_000 + 249 }, (rows) =>
    told.push(rows),
  )
  expect([deleted, told]).toEqual([250, [100, 200, 250]])
})

describe('invalidation', () => {
  test('hits one row, a user, or a trust, and counts what it changed', () => {
    const store = filled(100)
    expect(store.invalidateTokens({ id: row(0).id })).toBe(1)
    expect(store.invalidateTokens({ id: row(0).id })).toBe(0)
    expect(store.invalidateTokens({ id: 'nothing' })).toBe(0)
    expect(store.invalidateTokens({ trustId: 'trust-0' })).toBe(4)
    expect(store.invalidateTokens({ userId: 'user-1' })).toBe(32)
    expect(store.findToken(row(1).id)?.valid).toBe(false)
    expect(store.findToken(row(2).id)?.valid).toBe(true)
  })

  test('does not reach rows that were flushed', () => {
    const store = filled(100)
    store.flushNow({ ...flush, beforeSec: 2_000_000_000 })
    expect(store.invalidateTokens({ trustId: 'trust-0' })).toBe(0)
    expect([store.countTokens(), store.tokenBytes()]).toEqual([0, 0])
  })
})

test('a token cannot be inserted twice, and only indexed fields can be searched', () => {
  const store = filled(1)
  expect(() => store.insertToken(row(0))).toThrow('twice')
  expect(() => store.find('user', 'email', 'x')).toThrow('index')
})

test('documents are listed in the order of their last writing, and found by what they say now', () => {
  const store = createMemoryStore()
  for (const id of ['a', 'b', 'c']) store.put('user', { id, name: 'same', domain_id: 'd' })
  const version = store.version()
  store.put('user', { id: 'a', name: 'other', domain_id: 'd' })
  expect(store.version()).toBeGreaterThan(version)
  expect(store.list('user').map(({ id }) => id)).toEqual(['b', 'c', 'a'])
  expect(store.find('user', 'name', 'same').map(({ id }) => id)).toEqual(['b', 'c'])
  expect(store.remove('user', 'b')).toBe(true)
  expect(store.remove('user', 'b')).toBe(false)
  expect(store.find('user', 'name', 'same').map(({ id }) => id)).toEqual(['c'])
})
