// Query strings of lists: their pairs, and the filters `name=x` and `name__icontains=x` over what is shown.
// It exists so that every list filters alike; what no filter knows is ignored, as Keystone does.
import type { Fields } from './description.js'

/** Percent-decoded text; as it was if it is not well-formed. */
export const decoded = (text: string): string => {
  if (!text.includes('%')) return text
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** A part of a path for a header: what no header may hold is percent-encoded, half characters are replaced. */
export const headerSafe = (text: string): string =>
  text.replace(/\p{Surrogate}/gu, '\ufffd').replace(/[^\u0020-\u007e]+/gu, (part) => encodeURIComponent(part))

const decodedForm = (text: string): string => decoded(text.replaceAll('+', ' '))

/** Names and values of a query string, in order; a name without a value has the empty one. */
export const queryPairs = (query: string): readonly (readonly [string, string])[] =>
  query === ''
    ? []
    : query.split('&').map((part) => {
        const sign = part.indexOf('=')
        return sign < 0
          ? [decodedForm(part), '']
          : [decodedForm(part.slice(0, sign)), decodedForm(part.slice(sign + 1))]
      })

/** The value of a name; null if it is not there. */
export const queryText = (query: string, name: string): string | null =>
  queryPairs(query).findLast(([given]) => given === name)?.[1] ?? null

/** Whether a switch such as `effective` is on: there, and not `0` (`query_filter_is_true`). */
export const isSwitchedOn = (query: string, name: string): boolean => {
  const value = queryText(query, name)
  return value !== null && value !== '0'
}

const noes: ReadonlySet<string> = new Set(['0', 'f', 'false', 'off', 'n', 'no'])

/** What a filter's value means for a boolean: `bool_from_string` of oslo with "true" for what it cannot read. */
const meansTrue = (value: string): boolean => !noes.has(value.trim().toLowerCase())

type Test = (shown: Fields) => boolean

const equals =
  (name: string, value: string): Test =>
  (shown) => {
    const found = shown[name]
    return typeof found === 'boolean' ? found === meansTrue(value) : found === value
  }

const comparators: Readonly<Record<string, (text: string, part: string) => boolean>> = {
  contains: (text, part) => text.includes(part),
  startswith: (text, part) => text.startsWith(part),
  endswith: (text, part) => text.endsWith(part),
}

/** `contains`, or `icontains` for any case, and so on; comparators that nobody knows let everything through. */
const compares = (name: string, comparator: string, value: string): Test => {
  const anyCase = comparator.startsWith('i')
  const known = anyCase ? comparator.slice(1) : comparator
  const compare = Object.hasOwn(comparators, known) ? comparators[known] : undefined
  const part = anyCase ? value.toLowerCase() : value
  return (shown) => {
    if (!Object.hasOwn(shown, name)) return false
    if (compare === undefined) return true
    const found = shown[name]
    if (typeof found !== 'string') return false
    return compare(anyCase ? found.toLowerCase() : found, part)
  }
}

/** The tests that a query asks for, of the names that a list can be filtered by. */
const testsOf = (query: string, names: readonly string[]): readonly Test[] =>
  queryPairs(query).flatMap(([key, value]) => {
    if (names.includes(key)) return [equals(key, value)]
    const mark = key.indexOf('__')
    const name = key.slice(0, Math.max(mark, 0))
    return names.includes(name) ? [compares(name, key.slice(mark + 2), value)] : []
  })

/** Those of the items that meet every filter of the query. */
export const filtered = <T extends Fields>(
  items: readonly T[],
  query: string,
  names: readonly string[],
): readonly T[] => {
  // Said twice is said once: a query holds thousands of filters, a cloud thousands of users.
  const tests = testsOf([...new Set(query.split('&'))].join('&'), names)
  return tests.length === 0 ? items : items.filter((item) => tests.every((test) => test(item)))
}
