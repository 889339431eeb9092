// The part of the stores' contract that is about rows of the token table.
// It exists so that issuing, revoking and flushing mean the same in memory, SQLite and MariaDB.
import { describe, expect, test } from '@jest/globals'
import { Random } from '../../src/base/random.js'
import { extraFromText } from '../../src/identity/extra.js'
import { extraText, idOf, ids, order, plain, row, startSec } from './storeSubject.js'
import type { StoreSubject } from './storeSubject.js'

/** Declares the tests; call it inside a `describe` that begins and ends the subject. */
export const describeTokens = (subject: StoreSubject): void => {
  describe('keeps tokens: it', () => {
    test('answers null for a token that it does not have', async () => {
      expect(await subject.store.findToken('never-issued')).toBeNull()
      expect(await subject.store.findToken('g'.repeat(260))).toBeNull()
      expect(await subject.store.findToken('')).toBeNull()
    })

    test.each([
      ['plain', { key: 'abc' }],
      ['of quotes and backslashes', { key: String.raw`a\b"c'd\n` }],
      ['of control characters', { key: 'a\tb\nc\rd' }],
      ['of two and three bytes a character', { key: 'Zoë, 漢字' }],
      ['of four bytes a character', { key: '🗝️ 𝔎' }],
      ['of sixty thousand bytes', { key: 'é'.repeat(30_000) }],
    ])('gives back a text %s byte for byte', async (_kind, value) => {
      const raw = row('a1', { extra: extraFromText(JSON.stringify(value)) })
      const indented = row('a2', { extra: extraFromText(JSON.stringify(value, null, '\t')) })
      await subject.insert([raw, indented])
      for (const each of [raw, indented]) {
        const found = await subject.store.findToken(each.id)
        expect(found?.extra.text).toBe(each.extra.text)
        expect(found?.extra.bytes).toBe(each.extra.bytes)
      }
      expect(await subject.store.tokenBytes()).toBe(
        subject.bytesBefore + raw.extra.bytes + indented.extra.bytes,
      )
    })

    test.each([
      ['all its columns', { trustId: 'trust-1' }],
      ['no user and no trust', { userId: null, trustId: null }],
      ['valid = 0', { valid: false }],
      ['the last second of a leap day', { expiresAtSec: Date.UTC(2020, 1, 29, 23, 59, 59) / 1000 }],
      ['an hour that clocks in Europe skip', { expiresAtSec: Date.UTC(2017, 2, 26, 2, 30) / 1000 }],
    ])('gives back a row with %s', async (_what, changes) => {
      const each = row('a1', changes)
      await subject.insert([each])
      expect(plain(await subject.store.findToken('a1'))).toEqual(plain(each))
    })

    test('takes a known extra for what it would read, and reads the rest', async () => {
      const each = row('a1', { trustId: 'trust-1' })
      await subject.insert([each])
      const known = extraFromText('known')
      expect(await subject.store.findToken('a2', known)).toBeNull()
      const found = await subject.store.findToken('a1', known)
      expect(found?.id).toBe('a1')
      expect(found?.userId).toBe(each.userId)
      expect(found?.trustId).toBe('trust-1')
      expect(found?.expiresAtSec).toBe(each.expiresAtSec)
      expect(found?.valid).toBe(true)
      await subject.store.invalidateTokens({ id: 'a1' })
      expect((await subject.store.findToken('a1', known))?.valid).toBe(false)
    })

    test('does not take another case for the same id', async () => {
      await subject.insert([row('abcdef')])
      expect(await subject.store.findToken('ABCDEF')).toBeNull()
    })

    test('refuses an id that it has', async () => {
      await subject.insert([row('a1')])
      // Not `toThrow`: a driver's error need not be an instance of this realm's Error.
      await expect((async () => subject.store.insertToken(row('a1')))()).rejects.toHaveProperty('message')
      expect(await subject.store.countTokens()).toBe(subject.rowsBefore + 1)
    })

    test('counts rows and the bytes of their extra', async () => {
      const rows = Array.from({ length: 25 }, (_, i) =>
        row(idOf(i), { extra: extraFromText(extraText(idOf(i), i * 100)) }),
      )
      await subject.insert(rows)
      expect(await subject.store.countTokens()).toBe(subject.rowsBefore + 25)
      expect(await subject.store.tokenBytes()).toBe(
        rows.reduce((sum, { extra }) => sum + extra.bytes, subject.bytesBefore),
      )
    })
  })

  describe('revokes tokens: it', () => {
    const rows = [
      row('a1', { userId: 'user-a', trustId: 'trust-1' }),
      row('a2', { userId: 'user-a' }),
      row('b1', { userId: 'user-b', trustId: 'trust-1' }),
      row('b2', { userId: 'user-b', trustId: 'trust-2' }),
      row('n1', { userId: null }),
    ]

    test.each([
      { by: 'id', filter: { id: 'a1' }, hits: ['a1'] },
      { by: 'user', filter: { userId: 'user-a' }, hits: ['a1', 'a2'] },
      { by: 'trust', filter: { trustId: 'trust-1' }, hits: ['a1', 'b1'] },
      { by: 'an unknown id', filter: { id: 'zz' }, hits: [] },
    ])('invalidates by $by, once, and nothing else', async ({ filter, hits }) => {
      await subject.insert(rows)
      expect((await subject.store.tokenIds(filter)).toSorted()).toEqual(hits)
      expect(await subject.store.invalidateTokens(filter)).toBe(hits.length)
      expect(await subject.store.tokenIds(filter)).toEqual([])
      for (const each of rows) {
        const expected = { ...each, valid: !hits.includes(each.id) }
        expect(plain(await subject.store.findToken(each.id))).toEqual(plain(expected))
      }
      expect(await subject.store.invalidateTokens(filter)).toBe(0)
      expect(await subject.store.countTokens()).toBe(subject.rowsBefore + rows.length)
    })
  })

  test('knows when the last of all rows expires, and that an empty table has none', async () => {
    const before = await subject.store.lastTokenExpirySec()
    expect(before === null).toBe(subject.rowsBefore === 0)
    const lastSec = (before ?? startSec) + 5000
    const rows = [lastSec - 90, lastSec, lastSec - 60].map((expiresAtSec, i) =>
      row(idOf(i), { expiresAtSec }),
    )
    await subject.insert(rows)
    expect(await subject.store.lastTokenExpirySec()).toBe(lastSec)
    await subject.store.flushTokens(order({ beforeSec: lastSec - 1 }))
    expect(await subject.store.lastTokenExpirySec()).toBe(lastSec)
    await subject.store.flushTokens(order({ beforeSec: 253_402_300_799 }))
    expect(await subject.store.countTokens()).toBe(0)
    expect(await subject.store.lastTokenExpirySec()).toBeNull()
  })

  describe.each(['one', 'each'] as const)('flushes by transaction %s: it', (transaction) => {
    test.each([
      { strict: false, kept: [1, 2] },
      { strict: true, kept: [0, 1, 2] },
    ])('takes the second itself unless it is strict ($strict)', async ({ strict, kept }) => {
      const rows = [-2, -1, 0, 1, 2].map((offset) =>
        row(`offset${offset}`, { expiresAtSec: startSec + offset, valid: offset !== -2 }),
      )
      await subject.insert(rows)
      expect(await subject.store.flushTokens(order({ transaction, strict }))).toBe(5 - kept.length)
      expect(await subject.present(rows)).toEqual(kept.map((offset) => `offset${offset}`))
      expect(await subject.store.flushTokens(order({ transaction, strict }))).toBe(0)
    })

    test('takes a moment between two seconds for what it is', async () => {
      const rows = [-1, 0, 1].map((offset) => row(`offset${offset}`, { expiresAtSec: startSec + offset }))
      await subject.insert(rows)
      expect(await subject.store.flushTokens(order({ transaction, beforeSec: startSec - 0.5 }))).toBe(1)
      expect(
        await subject.store.flushTokens(order({ transaction, beforeSec: startSec + 0.5, strict: true })),
      ).toBe(1)
      expect(await subject.present(rows)).toEqual(['offset1'])
    })

    test.each([1, 7, 50, 1000])('deletes exactly what has expired, in batches of %i', async (batchRows) => {
      const random = new Random(4711, 'flush', batchRows)
      const rows = Array.from({ length: 200 }, (_, i) =>
        row(idOf(i), { expiresAtSec: startSec - 10 + random.int(20) }),
      )
      await subject.insert(rows)
      const gone = rows.filter(({ expiresAtSec }) => expiresAtSec <= startSec).length
      const reports: number[] = []
      const flushed = await subject.store.flushTokens(order({ transaction, batchRows }), (count) =>
        reports.push(count),
      )
      expect(flushed).toBe(gone)
      expect(await subject.present(rows)).toEqual(
        ids(rows.filter(({ expiresAtSec }) => expiresAtSec > startSec)),
      )
      expect(await subject.store.countTokens()).toBe(subject.rowsBefore + rows.length - gone)
      expect(reports.at(-1)).toBe(gone)
      expect(reports.toSorted((a, b) => a - b)).toEqual(reports)
    })

    test('ends when more rows than a batch expire in the same second', async () => {
      const rows = Array.from({ length: 60 }, (_, i) =>
        row(idOf(i), { expiresAtSec: startSec - (i < 45 ? 100 : 50) }),
      )
      await subject.insert([...rows, row('stays')])
      expect(await subject.store.flushTokens(order({ transaction, batchRows: 10 }))).toBe(60)
      expect(await subject.store.countTokens()).toBe(subject.rowsBefore + 1)
    })

    test('does nothing to a table in which nothing has expired', async () => {
      await subject.insert([row('stays')])
      expect(await subject.store.flushTokens(order({ transaction }))).toBe(0)
      expect(await subject.store.countTokens()).toBe(subject.rowsBefore + 1)
    })
  })
}
