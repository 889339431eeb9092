// How fast tokens are sealed and opened, against the bare calls of node:crypto and against the npm package `fernet`.
// Only ratios measured in the same run mean anything, so all contenders take turns in short rounds.

import { createCipheriv, createDecipheriv, createHmac, timingSafeEqual } from 'node:crypto'
import { fernetKeyFromBytes, formatFernetKey, openFernet, sealFernet } from '../token/fernet.js'

/** One line of a benchmark's table. */
export interface BenchRow {
  readonly name: string
  /** Ours, in `unit`. */
  readonly value: number
  readonly unit: string
  /** What it is measured against, in the same unit and the same run. */
  readonly floor: number
  /** value / floor; more is better. */
  readonly ratio: number
  /** The ratio that must be reached. */
  readonly bar: number
  readonly holds: boolean
}

/** As long as the payload of a project-scoped token with two audit ids; ASCII, since the package decodes only text. */
const message = 'user 7b0f2e9459fd43da86a7af30e5905e2b, project 6741ca1050264f8e878566c131cff19d, end'
const timestampIso = '2017-04-06T00:00:00Z'
const timestampSec = 1_491_436_800
const roundMs = 10
const floorBar = 0.8
const packageBar = 8

interface Contender {
  readonly run: () => unknown
  /** Operations per second of each round. */
  readonly rates: number[]
}

const contender = (run: () => unknown): Contender => ({ run, rates: [] })

/** Runs for about `roundMs` and notes the rate. The clock is read once in `batch` operations. */
const round = ({ run, rates }: Contender, batch: number): void => {
  const start = performance.now()
  let count = 0
  let elapsedMs = 0
  do {
    for (let i = 0; i < batch; i++) run()
    count += batch
    elapsedMs = performance.now() - start
  } while (elapsedMs < roundMs)
  rates.push((count / elapsedMs) * 1000)
}

/** The middle one: a round that was interrupted by other work of the machine does not count. */
const median = (values: readonly number[]): number =>
  [...values].sort((a, b) => a - b)[values.length >> 1] ?? 0

const row = (input: { name: string; ours: Contender; floor: Contender; bar: number }): BenchRow => {
  const value = median(input.ours.rates)
  const floor = median(input.floor.rates)
  const ratio = value / floor
  return { name: input.name, value, unit: 'ops/s', floor, ratio, bar: input.bar, holds: ratio >= input.bar }
}

/**
 * Measures sealing and opening.
 * @param input.seconds how long in all; below 0.2 the numbers mean little
 * @returns four rows: seal and open, each against the bare cipher and HMAC calls on the same bytes (bar 0.8), and
 * each against the npm package `fernet` on the same message (bar 8)
 */
export const benchFernetCodec = async (input: { readonly seconds: number }): Promise<BenchRow[]> => {
  // Imported here only: the package changes String.prototype.
  const { default: fernetPackage } = await import('fernet')
  const keyBytes = Uint8Array.from({ length: 32 }, (_, i) => i * 7)
  const iv = Uint8Array.from({ length: 16 }, (_, i) => i)
  const key = fernetKeyFromBytes(keyBytes)
  const secret = new fernetPackage.Secret(formatFernetKey(key))
  const plaintext = Buffer.from(message)
  const token = sealFernet({ key, plaintext, timestampSec, iv })

  // The floor works on bytes that lie ready: no base64, no framing, no copy.
  const bytes = Buffer.from(token, 'base64url')
  const signed = bytes.subarray(0, -32)
  const mac = bytes.subarray(-32)
  const ciphertext = bytes.subarray(25, -32)
  const seal = {
    ours: contender(() => sealFernet({ key, plaintext, timestampSec, iv })),
    floor: contender(() => {
      const cipher = createCipheriv('aes-128-cbc', key.encryption, iv)
      cipher.update(plaintext)
      cipher.final()
      return createHmac('sha256', key.signing).update(signed).digest()
    }),
    peer: contender(() =>
      new fernetPackage.Token({ secret, time: timestampIso, iv: [...iv] }).encode(message),
    ),
  }
  const open = {
    ours: contender(() => openFernet(token, key)),
    floor: contender(() => {
      timingSafeEqual(createHmac('sha256', key.signing).update(signed).digest(), mac)
      const decipher = createDecipheriv('aes-128-cbc', key.encryption, iv)
      decipher.update(ciphertext)
      return decipher.final()
    }),
    peer: contender(() => new fernetPackage.Token({ secret, token, ttl: 0 }).decode()),
  }

  const fast = [seal.ours, seal.floor, open.ours, open.floor]
  const slow = [seal.peer, open.peer]
  const takeTurns = (): void => {
    for (const each of fast) round(each, 50)
    for (const each of slow) round(each, 5)
  }
  takeTurns()
  for (const each of [...fast, ...slow]) each.rates.length = 0
  const rounds = Math.max(3, Math.round((input.seconds * 1000) / (roundMs * (fast.length + slow.length))))
  for (let i = 0; i < rounds; i++) takeTurns()

  return [
    row({ name: 'fernet seal against bare crypto calls', ours: seal.ours, floor: seal.floor, bar: floorBar }),
    row({ name: 'fernet open against bare crypto calls', ours: open.ours, floor: open.floor, bar: floorBar }),
    row({ name: 'fernet seal against npm fernet', ours: seal.ours, floor: seal.peer, bar: packageBar }),
    row({ name: 'fernet open against npm fernet', ours: open.ours, floor: open.peer, bar: packageBar }),
  ]
}
