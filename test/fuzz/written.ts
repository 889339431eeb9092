// From a damaged request as data to what is sent: path, query, headers, the text of the body.
// It exists apart from the drawing so that a finding can be played again from its printed form.
import type { BodyEdit, BodyUse, Damaged, TokenDamage, TokenUse } from './damage.js'
import { seeds } from './seeds.js'

export type Tokens = Readonly<Record<TokenUse['of'], string>>

/** A request as a server sees it once it is read. */
export interface Written {
  readonly method: string
  readonly path: string
  readonly query: string
  readonly headers: Readonly<Record<string, string>>
  /** Empty: none. */
  readonly body: string
}

const flipped = (token: string, at: number, bit: number): string => {
  const place = at % Math.max(token.length, 1)
  return (
    token.slice(0, place) + String.fromCharCode(token.charCodeAt(place) ^ (1 << bit)) + token.slice(place + 1)
  )
}

const damageTo = (token: string, damage: TokenDamage): string => {
  switch (damage.kind) {
    case 'none':
      return token
    case 'upper':
      return token.toUpperCase()
    case 'padded':
      return `${token}==`
    case 'standard':
      return token.replaceAll('-', '+').replaceAll('_', '/')
    case 'reversed':
      return Array.from(token).toReversed().join('')
    case 'twice':
      return `${token}, ${token}`
    case 'flip':
      return flipped(token, damage.at, damage.bit)
    case 'cut':
      return token.slice(damage.from % (token.length + 1), damage.to % (token.length + 1))
    case 'insert':
      return token.slice(0, damage.at) + damage.text + token.slice(damage.at)
    case 'instead':
      return damage.text
  }
}

export const tokenText = ({ of, damage }: TokenUse, tokens: Tokens): string => damageTo(tokens[of], damage)

interface Slot {
  readonly holder: Record<string, unknown> | unknown[]
  readonly key: string | number
}

/** Every place in a JSON value at which something stands. */
const slotsOf = (value: unknown): readonly Slot[] => {
  if (typeof value !== 'object' || value === null) return []
  const holder = value as Record<string, unknown> | unknown[]
  return Object.entries(holder).flatMap(([name, member]) => [
    { holder, key: Array.isArray(holder) ? Number(name) : name },
    ...slotsOf(member),
  ])
}

const setOwn = (holder: Slot['holder'], key: string | number, value: unknown): void => {
  // Not an assignment: one to `__proto__` would change the prototype, which no body does.
  Object.defineProperty(holder, key, { value, enumerable: true, configurable: true, writable: true })
}

/** Stands in the text for a member that is to be there twice. */
const mark = 'DOUBLED'

const applyEdit = (root: { body: unknown }, edit: BodyEdit): readonly [string, unknown] | null => {
  const slots = slotsOf(root)
  const slot = slots[edit.at % slots.length]
  if (slot === undefined) return null
  const { holder, key } = slot
  const current = (holder as Record<string | number, unknown>)[key]
  switch (edit.kind) {
    case 'set':
      // A copy: what was drawn must stay as it was drawn.
      setOwn(holder, key, structuredClone(edit.value))
      return null
    case 'remove':
      if (Array.isArray(holder)) holder.splice(Number(key), 1)
      else delete holder[key]
      return null
    case 'rename':
      if (holder === root || Array.isArray(holder)) return null
      delete holder[key]
      setOwn(holder, edit.name, current)
      return null
    case 'wrap': {
      let wrapped = current
      for (let i = 0; i < edit.times; i++) wrapped = edit.inArray ? [wrapped] : { [String(key)]: wrapped }
      setOwn(holder, key, wrapped)
      return null
    }
    case 'repeat':
      setOwn(
        holder,
        key,
        Array.from({ length: edit.times }, () => structuredClone(current)),
      )
      return null
    case 'doubled':
      if (holder === root || Array.isArray(holder)) return null
      setOwn(holder, `${mark}${key}`, structuredClone(edit.value))
      return [JSON.stringify(`${mark}${key}`), key]
  }
}

const bodyText = (use: BodyUse, body: unknown, tokens: Tokens): string => {
  if (use.kind === 'none') return ''
  if (use.kind === 'text') return use.text
  if (body === undefined) return ''
  const root = { body: structuredClone(body) }
  const doubled: (readonly [string, unknown])[] = []
  for (const edit of use.kind === 'edited' ? use.edits : []) {
    const made = applyEdit(root, edit)
    if (made !== null) doubled.push(made)
  }
  let text = JSON.stringify(root.body) ?? ''
  for (const [marked, name] of doubled) text = text.replace(marked, JSON.stringify(name))
  return text.replace('"TOKEN"', JSON.stringify(tokens.alice))
}

const pathOf = (path: string, segments: Damaged['segments']): string => {
  const parts = path.split('/')
  for (const [at, text] of segments) parts[1 + (at % (parts.length - 1))] = text
  return parts.join('/')
}

/** The request that a damaged one stands for, on a stage with these tokens. */
export const written = (damaged: Damaged, tokens: Tokens): Written => {
  const seed = seeds[damaged.seed]
  if (seed === undefined) throw new Error(`no seed ${damaged.seed}`)
  const subject = tokenText(damaged.subject, tokens)
  const auth = tokenText(damaged.auth, tokens)
  const { receipt } = damaged
  return {
    method: damaged.method ?? seed.method,
    path: pathOf(seed.path, damaged.segments),
    query: damaged.query ?? seed.query ?? '',
    headers: {
      ...(auth === '' ? {} : { 'x-auth-token': auth }),
      ...(seed.path.startsWith('/v3/auth/tokens') ? { 'x-subject-token': subject } : {}),
      ...(subject === '' ? {} : { 'x-service-token': subject }),
      ...(receipt === null ? {} : { 'openstack-auth-receipt': receipt }),
    },
    body: bodyText(damaged.body, seed.body, tokens),
  }
}
