// How the text of a gate is cut into pieces that remember their columns, and how its durations are read.
// It exists apart from the grammar, so that the grammar reads as one.
import { daySec, hourSec, minuteSec } from '../base/time.js'

/** A piece of the text, and the column (from 1) at which it begins. */
export interface Piece {
  readonly text: string
  readonly column: number
}

/** Units of a duration in seconds, the large ones first, as a scenario has them. */
const durationUnits: readonly (readonly [name: string, seconds: number])[] = [
  ['w', 7 * daySec],
  ['d', daySec],
  ['h', hourSec],
  ['m', minuteSec],
  ['s', 1],
  ['ms', 0.001],
]

/** A piece without the blanks around it. */
export const trimmed = (text: string, column: number): Piece => ({
  text: text.trim(),
  column: column + text.length - text.trimStart().length,
})

/** Seconds of `120s`, `1.5h`, `2h30m`; units each at most once, the large ones first. Null if it is none. */
export const durationSec = (text: string): number | null => {
  const spaceless = text.replace(/(\d)\s+(?=[a-z])/g, '$1')
  if (!/^(?:\d+(?:\.\d+)?[a-z]+)+$/.test(spaceless)) return null
  let micros = 0
  let least = -1
  for (const [, digits = '', name = ''] of spaceless.matchAll(/(\d+(?:\.\d+)?)([a-z]+)/g)) {
    const rank = durationUnits.findIndex(([unit]) => unit === name)
    if (rank <= least) return null
    least = rank
    micros += Number(digits) * (durationUnits[rank]?.[1] ?? 0) * 1e6
  }
  return Math.round(micros) / 1e6
}

/** Seconds of `+120s`, `-5m`; null if it is none. */
export const bareOffsetSec = (text: string): number | null => {
  const sign = text.startsWith('+') ? 1 : text.startsWith('-') ? -1 : null
  const seconds = sign === null ? null : durationSec(text.slice(1).trim())
  return sign === null || seconds === null ? null : sign * seconds
}

/** Cuts at commas that stand in no inner brackets. */
export const splitArgs = (text: string, column: number): readonly Piece[] => {
  const pieces: Piece[] = []
  let depth = 0
  let from = 0
  for (let i = 0; i <= text.length; i++) {
    if (text[i] === '(') depth++
    if (text[i] === ')') depth--
    if (i < text.length && (text[i] !== ',' || depth > 0)) continue
    pieces.push(trimmed(text.slice(from, i), column + from))
    from = i + 1
  }
  return pieces.length === 1 && pieces[0]?.text === '' ? [] : pieces
}

/** The index of the bracket that closes the one before `from`; -1 if none does. */
export const closingBracket = (text: string, from: number): number => {
  let depth = 1
  for (let i = from; i < text.length; i++) {
    if (text[i] === '(') depth++
    if (text[i] === ')' && --depth === 0) return i
  }
  return -1
}
