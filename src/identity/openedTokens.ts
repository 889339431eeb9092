// Remembers what the callers' tokens say: a service sends the same X-Auth-Token with thousands of validations.
// Opening is a pure function of token and ring, so nothing is hidden: expiry, revocation and standing are judged anew.
import type { Claims } from '../token/claims.js'
import type { OpenedToken, OpenProblem, Sealer } from '../token/sealer.js'
import type { Facts } from './derived.js'
import type { TokenExtra } from './store.js'

/** Callers are the services' users and admins, a few processes each; 400 bytes a token. */
const rememberedMax = 1024

/** By sealer, and so by ring: a node whose keys change begins again. */
const memories = new WeakMap<Sealer, Map<string, OpenedToken>>()

/** Opens a caller's token, with the help of memory. Problems are not remembered: a missing key may arrive. */
export const openCallersToken = (sealer: Sealer, token: string): OpenedToken | OpenProblem => {
  let memory = memories.get(sealer)
  if (memory === undefined) memories.set(sealer, (memory = new Map<string, OpenedToken>()))
  const known = memory.get(token)
  if (known !== undefined) return known
  const opened = sealer.open(token)
  if ('problem' in opened) return opened
  if (memory.size >= rememberedMax) memory.clear()
  memory.set(token, opened)
  return opened
}

/** Of a UUID token's row, what never changes after it was issued. Whether it is valid is asked at each use. */
export interface KnownRow {
  readonly extra: TokenExtra
  readonly claims: Claims
}

/** By store. The texts of the columns are some six megabytes when it is full. */
const rowMemories = new WeakMap<Facts, Map<string, KnownRow>>()

/** What is remembered of a caller's row; null for one that was not seen lately. */
export const knownRow = (facts: Facts, token: string): KnownRow | null =>
  rowMemories.get(facts)?.get(token) ?? null

/** Remembers a caller's row. */
export const rememberRow = (facts: Facts, token: string, row: KnownRow): void => {
  let memory = rowMemories.get(facts)
  if (memory === undefined) rowMemories.set(facts, (memory = new Map<string, KnownRow>()))
  if (memory.size >= rememberedMax) memory.clear()
  memory.set(token, row)
}
