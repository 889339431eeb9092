// Series of numbers as short text: differences in a base-64 alphabet, runs as one pair.
// A day in 10-second intervals is 9,000 numbers a series; written out as JSON they would fill the page.

export const packAlphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_'

/**
 * Packs numbers, rounded to 1/scale. A word of the text is a whole number, five bits a character, least first, a
 * sixth bit saying that it goes on. Word 0: so many times (the next word) the value before, again. Word 1: so
 * many gaps. Any other word, less 2, is the zigzag-coded difference to the value before.
 */
export function packNumbers(values: readonly (number | null)[], scale: number): string {
  let text = ''
  let before = 0
  for (let i = 0; i < values.length;) {
    const current = scaled(values[i] ?? null, scale)
    let run = 1
    if (current === null) {
      while (i + run < values.length && scaled(values[i + run] ?? null, scale) === null) run++
      text += word(1) + word(run)
    } else if (current === before) {
      while (i + run < values.length && scaled(values[i + run] ?? null, scale) === before) run++
      text += word(0) + word(run)
    } else {
      const difference = current - before
      text += word((difference < 0 ? -2 * difference - 1 : 2 * difference) + 2)
      before = current
    }
    i += run
  }
  return text
}

const scaled = (value: number | null, scale: number): number | null =>
  value === null || !Number.isFinite(value) ? null : Math.round(value * scale)

/** Not with bit operators: a value may be above 2³¹. */
function word(value: number): string {
  let text = ''
  let rest = value
  do {
    const digit = rest % 32
    rest = Math.floor(rest / 32)
    text += packAlphabet[rest > 0 ? digit + 32 : digit] ?? ''
  } while (rest > 0)
  return text
}
