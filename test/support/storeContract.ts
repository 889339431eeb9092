// What every store must do, as one suite of tests that is run over each implementation.
// It exists so that memory, SQLite and MariaDB cannot drift apart: a rehearsal's logic must not notice which it has.
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals'
import { fork } from 'node:child_process'
import type { ChildProcess } from 'node:child_process'
import { on } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { TokenRow } from '../../src/identity/store.js'
import { compileSource } from './compiledSource.js'
import { describeDocuments } from './documentContract.js'
import {
  backgroundDocuments,
  backgroundRows,
  backgroundTokens,
  plain,
  row,
  startSec,
  StoreSubject,
} from './storeSubject.js'
import type { StorePlace } from './storeSubject.js'
import { describeTokens } from './tokenContract.js'

interface WriterReport {
  readonly uses: readonly number[]
  readonly flushed: number
}

/** The messages of a process, one at each call; fails when it ends instead of sending one. */
const messagesOf = (child: ChildProcess): (() => Promise<unknown>) => {
  const messages = on(child, 'message', { close: ['exit'] })
  return async () => {
    const { value, done } = await messages.next()
    if (done === true) throw new Error(`a process that should write into the store ended: ${child.exitCode}`)
    return (value as unknown[])[0]
  }
}

const describeLoad = (subject: StoreSubject): void => {
  test('loads rows and documents, telling how far it is, and gives them back', async () => {
    const reports: number[] = []
    await subject.store.load(backgroundDocuments, backgroundTokens(), (rows) => reports.push(rows))
    expect(reports.at(-1)).toBe(backgroundRows)
    expect(reports.toSorted((a, b) => a - b)).toEqual(reports)
    const expected = [...backgroundTokens()]
    expect(await subject.store.countTokens()).toBe(expected.length)
    expect(await subject.store.tokenBytes()).toBe(expected.reduce((sum, { extra }) => sum + extra.bytes, 0))
    for (const each of expected.filter((_, i) => i % 50 === 0)) {
      expect(plain(await subject.store.findToken(each.id))).toEqual(plain(each))
    }
    const users = backgroundDocuments.filter(([kind]) => kind === 'user').map(([, document]) => document)
    expect(subject.store.list('user')).toEqual(users)
    expect((await subject.open()).list('user')).toEqual(users)
  })

  test('loads documents alone', async () => {
    await subject.store.load(backgroundDocuments, [])
    expect(await subject.store.countTokens()).toBe(0)
    expect(subject.store.get('trust', 'back-trust')).not.toBeNull()
  })

  test('passes on what goes wrong with the rows of a load, and can still be used', async () => {
    function* failing(): Generator<TokenRow> {
      yield row('a1')
      throw new Error('no more rows')
    }
    await expect((async () => subject.store.load([], failing()))()).rejects.toThrow('no more rows')
    await subject.store.insertToken(row('b1'))
    expect(await subject.store.invalidateTokens({ id: 'b1' })).toBe(1)
  })
}

const describeProcesses = (subject: StoreSubject): void => {
  test('serves processes that write at the same time while another flushes', async () => {
    const compiled = await compileSource(['base', 'token', 'identity', 'io/store'])
    const children: ChildProcess[] = []
    try {
      await subject.store.put('trust', {
        id: 't1',
        trustor_user_id: 'a',
        trustee_user_id: 'b',
        remaining_uses: 15,
      })
      const inbox = [1, 2, 3].map((writer) => {
        const child = fork(fileURLToPath(new URL('storeWriter.mjs', import.meta.url)), {
          stdio: ['ignore', 'ignore', 'inherit', 'ipc'],
        })
        children.push(child)
        child.send({
          modules: compiled.url,
          address: subject.place.address,
          writer,
          rows: 300,
          nowSec: startSec,
        })
        return messagesOf(child)
      })
      // All of them have the store open before any of them writes.
      for (const next of inbox) expect(await next()).toBe('ready')
      for (const child of children) child.send('go')
      const reports: WriterReport[] = []
      for (const next of inbox) reports.push((await next()) as WriterReport)
      await subject.store.refresh()
      // Of each one's 300 rows every third has expired.
      expect(reports.reduce((sum, { flushed }) => sum + flushed, 0)).toBe(3 * 100)
      expect(await subject.store.countTokens()).toBe(subject.rowsBefore + 3 * 200)
      expect(reports.flatMap(({ uses }) => uses).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 15 }, (_, i) => i),
      )
      expect(subject.store.list('group').length).toBe(3 * 30)
      expect(subject.store.get('trust', 't1')?.['remaining_uses']).toBe(0)
    } finally {
      for (const child of children) child.kill('SIGKILL')
      await compiled.remove()
    }
  })

  test('refuses to load into a table that is not empty', async () => {
    await subject.insert([row('a1')])
    await expect(subject.store.load([], backgroundTokens())).rejects.toThrow('not empty')
    expect(await subject.store.countTokens()).toBe(subject.rowsBefore + 1)
  })
}

/** Declares the suite for one kind of store. `makePlace` gives a new, empty one; `shared`: processes can share it. */
export const describeStore = (
  name: string,
  { shared }: { readonly shared: boolean },
  makePlace: () => Promise<StorePlace>,
): void => {
  describe.each([
    { state: 'when it is new', loads: false },
    { state: 'after a bulk load', loads: true },
  ])(`the ${name} store, $state,`, ({ loads }) => {
    const subject = new StoreSubject()
    beforeEach(async () => subject.begin(await makePlace(), { loads }))
    afterEach(() => subject.end())

    describeTokens(subject)
    describeDocuments(subject)
    if (!loads) describeLoad(subject)
    if (shared) describeProcesses(subject)
  })
}
