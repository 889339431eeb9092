// The part of the stores' contract that is about documents, handles that share a store, and uses of trusts.
// It exists so that every process of a rehearsal sees the same cloud, whatever store keeps it.
import { describe, expect, test } from '@jest/globals'
import { DefectError } from '../../src/base/errors.js'
import { documentIndexes } from '../../src/identity/store.js'
import type { Document, DocumentKind } from '../../src/identity/store.js'
import { ids, plain, row } from './storeSubject.js'
import type { StoreSubject } from './storeSubject.js'

/** Declares the tests; call it inside a `describe` that begins and ends the subject. */
export const describeDocuments = (subject: StoreSubject): void => {
  describe('keeps documents: it', () => {
    const user: Document = {
      id: 'u1',
      name: 'Zoë 🗝️',
      domain_id: 'd1',
      options: { mfa: [['a', 'b']] },
      age: 1.5,
    }

    test('gives back a document as it was put', async () => {
      await subject.store.put('user', user)
      expect(subject.store.get('user', 'u1')).toEqual(user)
      expect(subject.store.get('group', 'u1')).toBeNull()
      expect(subject.store.get('user', 'u2')).toBeNull()
    })

    test('replaces a document, in the indexes too', async () => {
      await subject.store.put('user', user)
      await subject.store.put('user', { id: 'u1', name: 'other', domain_id: 'd2' })
      expect(subject.store.get('user', 'u1')).toEqual({ id: 'u1', name: 'other', domain_id: 'd2' })
      expect(subject.store.find('user', 'name', 'Zoë 🗝️')).toEqual([])
      expect(subject.store.find('user', 'domain_id', 'd1')).toEqual([])
      expect(ids(subject.store.find('user', 'domain_id', 'd2'))).toEqual(['u1'])
      expect(ids(subject.store.list('user')).filter((id) => id === 'u1')).toEqual(['u1'])
    })

    test('reads all of a kind anew, as they are now', async () => {
      const before = (await subject.store.readAll('role')).length
      await subject.store.put('role', { id: 'r1', name: 'first' })
      await subject.store.put('role', { id: 'r2', name: 'second' })
      await subject.store.put('role', { id: 'r1', name: 'changed' })
      await subject.store.remove('role', 'r2')
      const all = await subject.store.readAll('role')
      expect(all).toHaveLength(before + 1)
      expect(all.find(({ id }) => id === 'r1')).toEqual({ id: 'r1', name: 'changed' })
    })

    test('removes a document once, from the indexes too, and takes it again', async () => {
      await subject.store.put('user', user)
      expect(await subject.store.remove('user', 'u1')).toBe(true)
      expect(subject.store.get('user', 'u1')).toBeNull()
      expect(subject.store.find('user', 'domain_id', 'd1')).toEqual([])
      expect(ids(subject.store.list('user'))).not.toContain('u1')
      expect(await subject.store.remove('user', 'u1')).toBe(false)
      await subject.store.put('user', user)
      expect(subject.store.find('user', 'domain_id', 'd1')).toEqual([user])
    })

    test.each(Object.keys(documentIndexes) as DocumentKind[])(
      'finds every %s by each indexed field',
      async (kind) => {
        for (const field of documentIndexes[kind]) {
          const wanted = [1, 2, 3].map((i): Document => ({ id: `${field}-${i}`, [field]: 'wanted' }))
          for (const each of wanted) await subject.store.put(kind, each)
          await subject.store.put(kind, { id: 'other', [field]: 'Wanted' })
          await subject.store.put(kind, { id: 'nothing', [field]: null })
          expect(subject.store.find(kind, field, 'wanted')).toEqual(wanted)
          expect(ids(subject.store.find(kind, field, 'Wanted'))).toEqual(['other'])
          expect(subject.store.find(kind, field, 'nobody')).toEqual([])
        }
      },
    )

    test('says that it is our defect to search a field without an index', () => {
      expect(() => subject.store.find('user', 'email', 'x')).toThrow(DefectError)
    })

    test('lists documents in the order of their last writing', async () => {
      for (const id of ['c', 'a', 'b']) await subject.store.put('role', { id, name: id })
      await subject.store.put('role', { id: 'c', name: 'again' })
      expect(ids(subject.store.list('role'))).toEqual(['a', 'b', 'c'])
      expect(ids((await subject.open()).list('role'))).toEqual(['a', 'b', 'c'])
    })

    test('changes its version with every write of a document, and with nothing else', async () => {
      const seen = [subject.store.version()]
      await subject.store.put('user', user)
      seen.push(subject.store.version())
      await subject.store.put('user', user)
      seen.push(subject.store.version())
      await subject.store.remove('user', 'u1')
      seen.push(subject.store.version())
      expect(new Set(seen).size).toBe(4)
      await subject.insert([row('a1')])
      await subject.store.refresh()
      await subject.store.remove('user', 'u1')
      expect(subject.store.version()).toBe(seen[3])
    })
  })

  describe('is shared: another handle', () => {
    test('sees documents after a refresh, and tokens at once', async () => {
      const other = await subject.open()
      await subject.store.put('project', { id: 'p1', name: 'one', domain_id: 'd1' })
      await subject.store.put('project', { id: 'p2', name: 'two', domain_id: 'd1' })
      await subject.store.remove('project', 'p1')
      await subject.store.insertToken(row('a1'))
      await other.refresh()
      expect(other.get('project', 'p1')).toBeNull()
      expect(ids(other.find('project', 'domain_id', 'd1'))).toEqual(['p2'])
      expect(other.version()).toBe(subject.store.version())
      expect(plain(await other.findToken('a1'))).toEqual(plain(row('a1')))
      await other.remove('project', 'p2')
      await subject.store.refresh()
      expect(subject.store.list('project')).toEqual([])
    })

    test('opens with everything that was written before', async () => {
      await subject.store.put('role', { id: 'r1', name: 'admin' })
      await subject.store.insertToken(row('a1', { valid: false }))
      const other = await subject.open()
      expect(other.find('role', 'name', 'admin')).toEqual([{ id: 'r1', name: 'admin' }])
      expect(other.list('user')).toEqual(subject.store.list('user'))
      expect((await other.findToken('a1'))?.valid).toBe(false)
    })

    test('loses none of the documents that both write at the same time', async () => {
      const other = await subject.open()
      await Promise.all(
        Array.from({ length: 30 }, async (_, i) => {
          const handle = i % 2 === 0 ? subject.store : other
          await handle.put('group', { id: `g${i}`, name: `g${i}`, domain_id: 'd1' })
          await handle.put('group', { id: 'common', name: 'common', domain_id: 'd1', writer: i })
        }),
      )
      await subject.store.refresh()
      await other.refresh()
      expect(subject.store.list('group').length).toBe(31)
      expect(subject.store.list('group')).toEqual(other.list('group'))
    })
  })

  describe('counts the uses of trusts: it', () => {
    const trust: Document = { id: 't1', trustor_user_id: 'u1', trustee_user_id: 'u2', roles: ['r1'] }

    test.each([
      ['has no limit', { ...trust, remaining_uses: null }, null],
      ['says nothing of a limit', trust, null],
      ['has none left', { ...trust, remaining_uses: 0 }, -1],
      ['has two left', { ...trust, remaining_uses: 2 }, 1],
    ])('answers for a trust that %s', async (_what, document, expected) => {
      await subject.store.put('trust', document)
      expect(await subject.store.consumeTrust('t1')).toBe(expected)
    })

    test('answers −1 for a trust that is not there, or not any more', async () => {
      expect(await subject.store.consumeTrust('t1')).toBe(-1)
      await subject.store.put('trust', trust)
      await subject.store.remove('trust', 't1')
      expect(await subject.store.consumeTrust('t1')).toBe(-1)
    })

    test('leaves the rest of the document as it is', async () => {
      await subject.store.put('trust', { ...trust, remaining_uses: 5 })
      await subject.store.consumeTrust('t1')
      expect(subject.store.get('trust', 't1')).toEqual({ ...trust, remaining_uses: 4 })
    })

    test('never gives more uses than there are, whoever asks at the same time', async () => {
      await subject.store.put('trust', { ...trust, remaining_uses: 12 })
      const handles = [subject.store, await subject.open()]
      const answers = await Promise.all(
        Array.from({ length: 40 }, async (_, i) => handles[i % 2]?.consumeTrust('t1')),
      )
      const given = answers.filter((left) => left !== -1).toSorted((a, b) => Number(a) - Number(b))
      expect(given).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
    })
  })
}
