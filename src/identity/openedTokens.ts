// Remembers what the callers' Fernet tokens say: a service sends the same X-Auth-Token with thousands of validations.
// Opening is a pure function of token and ring, so nothing is hidden: expiry, revocation and standing are judged anew.
import type { OpenedToken, OpenProblem, Sealer } from '../token/sealer.js'

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
