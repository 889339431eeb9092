// How fast tokens are sealed and opened, against the bare calls of node:crypto and against the npm package `fernet`.
// Only ratios measured in the same run mean anything, so contenders take turns in short rounds.

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
/** How often the two of a comparison take turns. Few, for a round must be long enough to collect its own garbage. */
const turns = 6
/** So that the compiler has seen all of it before anything is measured. */
const warmUpTurns = 1
const floorBar = 0.8
const packageBar = 8

/** Operations per second of processor time: other work of the machine does not count, our own garbage does. */
const measureRate = (
  run: () => unknown,
  limits: { readonly roundMs: number; readonly batch: number },
): number => {
  const start = process.cpuUsage()
  let count = 0
  let cpuMs = 0
  do {
    for (let i = 0; i < limits.batch; i++) run()
    count += limits.batch
    const { user, system } = process.cpuUsage(start)
    cpuMs = (user + system) / 1000
  } while (cpuMs < limits.roundMs)
  return (count / cpuMs) * 1000
}

const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length

/**
 * Lets two contenders take turns and compares them turn by turn, since only what ran side by side met the same machine:
 * its speed changes within a second. They change places from turn to turn, for who runs second pays for
 * garbage that the first one left. The quarter of the turns with the lowest ratio and that with the highest are left out.
 */
const compare = (input: {
  readonly name: string
  readonly ours: () => unknown
  readonly floor: () => unknown
  readonly bar: number
  readonly seconds: number
  /** Operations between two looks at the clock. */
  readonly batch: number
}): BenchRow => {
  const { name, bar } = input
  const limits = { roundMs: (input.seconds * 1000) / (2 * (turns + warmUpTurns)), batch: input.batch }
  const played: { ours: number; floor: number }[] = []
  for (let turn = -warmUpTurns; turn < turns; turn++) {
    const swapped = turn % 2 !== 0
    const first = measureRate(swapped ? input.floor : input.ours, limits)
    const second = measureRate(swapped ? input.ours : input.floor, limits)
    if (turn >= 0) played.push(swapped ? { ours: second, floor: first } : { ours: first, floor: second })
  }
  const quarter = Math.floor(turns / 4)
  const middle = played.sort((a, b) => a.ours / a.floor - b.ours / b.floor).slice(quarter, turns - quarter)
  const value = mean(middle.map((turn) => turn.ours))
  const floor = mean(middle.map((turn) => turn.floor))
  const ratio = value / floor
  return { name, value, unit: 'ops per CPU second', floor, ratio, bar, holds: ratio >= bar }
}

/**
 * Measures sealing and opening.
 * @param input.seconds how much processor time in all; below 4 the ratios mean little
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
  const seal = (): unknown => sealFernet({ key, plaintext, timestampSec, iv })
  const sealFloor = (): unknown => {
    const cipher = createCipheriv('aes-128-cbc', key.encryption, iv)
    cipher.update(plaintext)
    cipher.final()
    return createHmac('sha256', key.signing).update(signed).digest()
  }
  const sealPeer = (): unknown =>
    new fernetPackage.Token({ secret, time: timestampIso, iv: [...iv] }).encode(message)
  const open = (): unknown => openFernet(token, key)
  const openFloor = (): unknown => {
    timingSafeEqual(createHmac('sha256', key.signing).update(signed).digest(), mac)
    const decipher = createDecipheriv('aes-128-cbc', key.encryption, iv)
    decipher.update(ciphertext)
    return decipher.final()
  }
  const openPeer = (): unknown => new fernetPackage.Token({ secret, token, ttl: 0 }).decode()

  // The close comparisons get most of the time.
  const floor = { bar: floorBar, seconds: input.seconds * 0.4, batch: 50 }
  const peer = { bar: packageBar, seconds: input.seconds * 0.1, batch: 5 }
  return [
    compare({ name: 'fernet seal against bare crypto calls', ours: seal, floor: sealFloor, ...floor }),
    compare({ name: 'fernet open against bare crypto calls', ours: open, floor: openFloor, ...floor }),
    compare({ name: 'fernet seal against npm fernet', ours: seal, floor: sealPeer, ...peer }),
    compare({ name: 'fernet open against npm fernet', ours: open, floor: openPeer, ...peer }),
  ]
}
