// The browser's half of `pack.ts`: a packed series back as numbers.
// Functions in this folder are put into the report as source text, so they name nothing but one another.

/** Numbers packed by `packNumbers` with the same alphabet and scale. */
export function unpackNumbers(text: string, alphabet: string, scale: number): (number | null)[] {
  const values: (number | null)[] = []
  let at = 0
  let before = 0
  function word(): number {
    let value = 0
    let weight = 1
    for (;;) {
      const digit = alphabet.indexOf(text.charAt(at++))
      value += (digit % 32) * weight
      if (digit < 32) return value
      weight *= 32
    }
  }
  while (at < text.length) {
    const code = word()
    if (code < 2) {
      const run = word()
      for (let i = 0; i < run; i++) values.push(code === 0 ? before / scale : null)
    } else {
      const zigzag = code - 2
      before += zigzag % 2 === 1 ? -(zigzag + 1) / 2 : zigzag / 2
      values.push(before / scale)
    }
  }
  return values
}
