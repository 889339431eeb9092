// A process that writes into a store while others do the same: tokens, documents, uses of one trust, flushes.
// It exists because only processes of their own show whether a store's locks hold.

import { once } from 'node:events'

/**
 * @typedef {object} Task
 * @property {string} modules URL of the compiled source
 * @property {import('../../src/io/store/open.js').StoreAddress} address
 * @property {number} writer
 * @property {number} rows
 * @property {number} nowSec
 */

/** @param {Task} task */
async function work({ modules, address, writer, rows, nowSec }) {
  /** @type {typeof import('../../src/io/store/open.js')} */
  const { openStore } = await import(`${modules}io/store/open.js`)
  /** @type {typeof import('../../src/identity/extra.js')} */
  const { extraFromText } = await import(`${modules}identity/extra.js`)
  const store = await openStore(address)
  /** @type {number[]} */
  const uses = []
  let flushed = 0
  const begin = once(process, 'message')
  process.send?.('ready')
  await begin
  for (let i = 0; i < rows; i++) {
    const id = `writer${writer}-${i}`
    await store.insertToken({
      id,
      expiresAtSec: nowSec + (i % 3 === 0 ? -1 : 1000),
      valid: true,
      userId: `user${writer}`,
      trustId: null,
      extra: extraFromText(JSON.stringify({ key: id, note: 'x'.repeat(4000) })),
    })
    if ((await store.findToken(id)) === null && i % 3 !== 0) throw new Error(`${id} is gone`)
    if (i % 10 !== 9) continue
    await store.put('group', { id, name: id, domain_id: 'd1' })
    const left = await store.consumeTrust('t1')
    if (left !== null && left >= 0) uses.push(left)
    flushed += await store.flushTokens({
      beforeSec: nowSec,
      strict: false,
      batchRows: 3,
      transaction: writer % 2 === 0 ? 'one' : 'each',
    })
  }
  // What others wrote since our last flush, and nobody else would take any more.
  flushed += await store.flushTokens({
    beforeSec: nowSec,
    strict: false,
    batchRows: 100,
    transaction: 'each',
  })
  await store.close()
  process.send?.({ uses, flushed }, () => process.disconnect())
}

process.once('message', (/** @type {Task} */ task) => void work(task))
