// From the text of a request's body to what operations see: a JSON value, or that it is none.
// It exists so that depth is bounded before anything walks through a body, whoever read it off a wire.

/**
 * How deep arrays and objects may stand in one another. No body of the API needs a dozen; a program that walks through
 * a hundred thousand of them by recursion ends.
 */
const depthMax = 64

/** What a body is to operations. Both absent: there is none. */
export interface ReadBody {
  readonly json?: unknown
  /** Why it is no JSON, or none that is read. */
  readonly bodyProblem?: string
}

/** Whether brackets outside of strings stand deeper in one another than a bound. The text need not be JSON. */
const isDeeper = (text: string, max: number): boolean => {
  let depth = 0
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === 0x22) {
      i++
      while (i < text.length && text.charCodeAt(i) !== 0x22) i += text.charCodeAt(i) === 0x5c ? 2 : 1
    } else if (unit === 0x7b || unit === 0x5b) {
      if (++depth > max) return true
    } else if (unit === 0x7d || unit === 0x5d) depth--
  }
  return false
}

/** Reads a body. Never throws. */
export const readBody = (text: string): ReadBody => {
  if (text === '') return {}
  if (isDeeper(text, depthMax)) return { bodyProblem: `nested deeper than ${depthMax}` }
  try {
    return { json: JSON.parse(text) as unknown }
  } catch (error) {
    return { bodyProblem: error instanceof Error ? error.message : 'not JSON' }
  }
}
