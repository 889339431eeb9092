// How the text of a gate is cut into pieces that remember their columns, and how its durations are read.
// It exists apart from the grammar, so that the grammar reads as one.
import { daySec, hourSec, minuteSec } from '../base/time.js'

/** A piece of the text, and the column (from 1) at which it begins. */
export interface Piece {
  readonly text: string
  readonly column: number
}

/** Seconds in each unit of a duration. */
export const durationUnits: Readonly<Record<string, number>> = {
  ms: 0.001,
  s: 1,
  m: minuteSec,
  h: hourSec,
  d: daySec,
}

/** A piece without the blanks around it. */
export const trimmed = (text: string, column: number): Piece => ({
  text: text.trim(),
  column: column + text.length - text.trimStart().length,
})

/** Seconds of `120s`, `1.5h`; null if it is none. */
export const durationSec = (text: string): number | null => {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)\s*([a-z]+)$/.exec(text) ?? []
  const scale = durationUnits[unit]
  return digits === undefined || scale === undefined ? null : Number(digits) * scale
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
