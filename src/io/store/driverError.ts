// What a database driver's error says of itself.
// It exists because drivers' errors are typed as unknown, and not all of them are instances of our Error.

/** A property of an error as text; empty if it has none of that name. */
export const errorDetail = (error: unknown, name: 'code' | 'errno' | 'message'): string => {
  const details =
    typeof error === 'object' && error !== null ? (error as Readonly<Record<string, unknown>>) : {}
  const detail = details[name]
  return typeof detail === 'string' || typeof detail === 'number' ? String(detail) : ''
}
