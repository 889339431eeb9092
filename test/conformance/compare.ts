// Where an answer of ours differs from a recorded one: status, headers, length, body, field by field.
// Ids, tokens, ports and request ids differ by nature; they must still stand for each other one to one.
import type { RecordedAnswer } from './recordings.js'
import type { HttpAnswer } from './stage.js'

export interface Difference {
  /** `status`, `header Vary`, `body.error.message`, … */
  readonly where: string
  readonly recorded: unknown
  readonly ours: unknown
}

/** What stands for what: each recorded id for one of ours, and the other way round. */
export class Likeness {
  private readonly ours = new Map<string, string>()
  private readonly recorded = new Map<string, string>()

  /** Ids that are the same on both sides. */
  constructor(same: Iterable<string> = []) {
    for (const id of same) this.matches(id, id)
  }

  /** Whether one of ours may stand for a recorded one; if neither was seen before, it does from now on. */
  matches(recorded: string, ours: string): boolean {
    const known = this.ours.get(recorded)
    if (known !== undefined) return known === ours
    if (this.recorded.has(ours)) return false
    this.ours.set(recorded, ours)
    this.recorded.set(ours, recorded)
    return true
  }
}

const variable = new RegExp(
  [
    String.raw`gAAAA[\w-]{40,}`, // a Fernet token
    String.raw`req-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}`,
    String.raw`[0-9a-f]{32}`, // a UUID token or an id
    String.raw`127\.0\.0\.1:\d+`,
  ].join('|'),
  'g',
)
/** An audit id is told by its place: 22 characters are no mark. */
const auditId = /^[\w-]{22}$/

/** What kind of thing a variable part is: only things of one kind can stand for each other. */
const kindOf = (part: string): string =>
  part.startsWith('gAAAA') ? 'fernet' : `${part.slice(0, 4) === 'req-'}`

const likeTexts = (recorded: string, ours: string, likeness: Likeness, inAudit: boolean): boolean => {
  if (inAudit) return auditId.test(ours) && likeness.matches(recorded, ours)
  const parts = recorded.match(variable) ?? []
  const others = ours.match(variable) ?? []
  if (parts.length !== others.length) return false
  if (recorded.replaceAll(variable, '') !== ours.replaceAll(variable, '')) return false
  return parts.every((part, index) => {
    const other = others[index] ?? ''
    return kindOf(part) === kindOf(other) && likeness.matches(part, other)
  })
}

/** Lists in no order that Keystone promises: of its database, and methods, which it keeps in a Python set. */
const unordered = /\.(?:projects|roles|catalog|endpoints|methods)$/
const nameOf = (item: unknown): string => {
  if (typeof item === 'string') return item
  const { name, interface: word } = item as { readonly name?: string; readonly interface?: string }
  return name ?? word ?? ''
}
const byName = (list: readonly unknown[]): readonly unknown[] =>
  list.toSorted((a, b) => (nameOf(a) < nameOf(b) ? -1 : 1))

/** Compares JSON values; what differs goes to `found`. */
export const compareValues = (
  recorded: unknown,
  ours: unknown,
  about: { readonly where: string; readonly likeness: Likeness; readonly found: Difference[] },
): void => {
  const { where, likeness, found } = about
  const differ = (): void => void found.push({ where, recorded, ours })
  if (typeof recorded === 'string') {
    const counted = /^<(\d+) services>$/.exec(recorded)
    if (counted !== null) {
      if (!Array.isArray(ours) || ours.length !== Number(counted[1])) differ()
      return
    }
    const inAudit = /\.audit_ids?\b/.test(where)
    if (typeof ours !== 'string' || !likeTexts(recorded, ours, likeness, inAudit)) differ()
    return
  }
  if (typeof recorded !== 'object' || recorded === null) {
    if (recorded !== ours) differ()
    return
  }
  if (typeof ours !== 'object' || ours === null || Array.isArray(recorded) !== Array.isArray(ours)) {
    differ()
    return
  }
  if (Array.isArray(recorded) && Array.isArray(ours)) {
    if (recorded.length !== ours.length) {
      differ()
      return
    }
    const sorted = unordered.test(where)
    const [theirs, own] = sorted ? [byName(recorded), byName(ours)] : [recorded, ours]
    theirs.forEach((item: unknown, index) =>
      compareValues(item, own[index], { ...about, where: `${where}[${index}]` }),
    )
    return
  }
  const names = new Set([...Object.keys(recorded), ...Object.keys(ours)])
  for (const name of names) {
    const theirs: unknown = (recorded as Record<string, unknown>)[name]
    const own: unknown = (ours as Record<string, unknown>)[name]
    const place = `${where}.${name}`
    if (theirs === undefined || own === undefined) found.push({ where: place, recorded: theirs, ours: own })
    else compareValues(theirs, own, { ...about, where: place })
  }
}

/** Of the connection, not of Keystone's answer. */
const ofTheWire = new Set(['date', 'connection', 'keep-alive', 'server'])
const requestIdHeader = 'x-openstack-request-id'
const requestIdForm = /^req-[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/

const compareHeaders = (
  recorded: RecordedAnswer,
  ours: HttpAnswer,
  likeness: Likeness,
  found: Difference[],
): void => {
  const wanted = new Map(Object.entries(recorded.headers).map(([name, value]) => [name.toLowerCase(), value]))
  // The recorder of states kept the length apart, and no request ids.
  const length = recorded.content_length ?? wanted.get('content-length')
  for (const name of ['content-length', requestIdHeader]) wanted.delete(name)
  const own = new Map(Object.entries(ours.headers).filter(([name]) => !ofTheWire.has(name)))
  const requestId = own.get(requestIdHeader) ?? ''
  if (!requestIdForm.test(requestId)) {
    found.push({ where: `header ${requestIdHeader}`, recorded: 'req-UUID', ours: requestId })
  }
  const ownLength = own.get('content-length')
  for (const name of ['content-length', requestIdHeader]) own.delete(name)
  // A length that was not recorded is that of no body.
  if ((length ?? '0') !== (ownLength ?? '0')) {
    found.push({ where: 'header Content-Length', recorded: length ?? null, ours: ownLength ?? null })
  }
  for (const name of new Set([...wanted.keys(), ...own.keys()])) {
    compareText(wanted.get(name), own.get(name), { where: `header ${name}`, likeness, found })
  }
}

const compareText = (
  recorded: string | undefined,
  ours: string | undefined,
  about: { readonly where: string; readonly likeness: Likeness; readonly found: Difference[] },
): void => {
  if (recorded === undefined || ours === undefined) {
    if (recorded !== ours) about.found.push({ where: about.where, recorded, ours })
  } else compareValues(recorded, ours, about)
}

const bodyOf = (text: string): unknown => (text === '' ? '' : (JSON.parse(text) as unknown))

/** Everything in which an answer of ours differs from a recorded one. */
export const compareAnswers = (
  recorded: RecordedAnswer,
  ours: HttpAnswer,
  likeness: Likeness,
): readonly Difference[] => {
  const found: Difference[] = []
  if (recorded.request !== undefined) {
    compareText(recorded.request, ours.request, { where: 'request', likeness, found })
  }
  if (recorded.status !== ours.status) {
    found.push({ where: 'status', recorded: recorded.status, ours: ours.status })
  }
  compareHeaders(recorded, ours, likeness, found)
  compareValues(recorded.body, bodyOf(ours.text), { where: 'body', likeness, found })
  return found
}
