// JSON text as Keystone writes it: Python's separators and only ASCII, so lengths of bodies and rows come out alike.
// It exists so that pieces of text can be cached and spliced without being parsed or written again.

const beyondAscii = /[\u007f-\uffff]/
const allBeyondAscii = /[\u007f-\uffff]/g

const escapeUnit = (unit: string): string => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`

/** A text as a JSON string, quotes included; characters beyond ASCII as `\uXXXX`. */
export const jsonString = (text: string): string => {
  const written = JSON.stringify(text)
  return beyondAscii.test(written) ? written.replace(allBeyondAscii, escapeUnit) : written
}

/** A value as JSON text, with `, ` and `: ` as separators. Members that are `undefined` are left out. */
export const jsonText = (value: unknown): string => {
  if (typeof value === 'string') return jsonString(value)
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null'
  if (Array.isArray(value)) {
    let text = '['
    for (let i = 0; i < value.length; i++) text += (i === 0 ? '' : ', ') + jsonText(value[i])
    return `${text}]`
  }
  let text = '{'
  for (const [name, member] of Object.entries(value)) {
    if (member === undefined) continue
    text += `${text.length === 1 ? '' : ', '}${jsonString(name)}: ${jsonText(member)}`
  }
  return `${text}}`
}

/** Whether a value is a JSON object (neither an array nor null). */
export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

/** A member of a JSON object, or undefined if the value is none or has it not. */
export const member = (value: unknown, name: string): unknown =>
  isObject(value) && Object.hasOwn(value, name) ? value[name] : undefined

/** A member that is a text, else null. */
export const textMember = (value: unknown, name: string): string | null => {
  const found = member(value, name)
  return typeof found === 'string' ? found : null
}
