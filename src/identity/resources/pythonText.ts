// A JSON value as Python prints it (`repr`): Keystone quotes what a client sent in its messages so.
// It exists because operators grep for these messages, and clients show them.

/** How deep a value is written out; what lies deeper becomes `...`, so that no body can exhaust the stack. */
const depthMax = 20

const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '\n': '\\n', '\r': '\\r', '\t': '\\t' }

const escapeCharacter = (character: string): string =>
  escapes[character] ?? `\\x${character.charCodeAt(0).toString(16).padStart(2, '0')}`

/** A text in single quotes, or in double ones if it holds single ones only. */
const quoted = (text: string): string => {
  // oxlint-disable-next-line no-control-regex
  const escaped = text.replace(/[\\\u0000-\u001f\u007f]/g, escapeCharacter)
  if (!escaped.includes("'")) return `'${escaped}'`
  return escaped.includes('"') ? `'${escaped.replaceAll("'", "\\'")}'` : `"${escaped}"`
}

/** The text of a value that came as JSON. */
export const pythonText = (value: unknown, depth = 0): string => {
  if (typeof value === 'string') return quoted(value)
  if (value === null || value === undefined) return 'None'
  if (typeof value === 'boolean') return value ? 'True' : 'False'
  if (typeof value !== 'object') return JSON.stringify(value)
  if (depth === depthMax) return '...'
  if (Array.isArray(value)) return `[${value.map((item) => pythonText(item, depth + 1)).join(', ')}]`
  const members = Object.entries(value).map(
    ([name, member]) => `${quoted(name)}: ${pythonText(member, depth + 1)}`,
  )
  return `{${members.join(', ')}}`
}
