// The report's charts by keyboard: which window of time a key asks for.
// Functions in this folder are put into the report as source text, so they name nothing but one another.
/// <reference lib="dom" />

/** The window of time that a key asks for; null for a key that asks for none. */
export function keyZoom(
  key: string,
  range: { min: number; max: number },
  whole: { min: number; max: number },
): { min: number; max: number } | null {
  const length = range.max - range.min
  let min = range.min
  let wanted = length
  if (key === '0') return whole
  if (key === 'ArrowLeft') min -= length / 4
  else if (key === 'ArrowRight') min += length / 4
  else if (key === '+') {
    wanted = length / 2
    min += length / 4
  } else if (key === '-') {
    wanted = Math.min(length * 2, whole.max - whole.min)
    min -= (wanted - length) / 2
  } else return null
  min = Math.max(whole.min, Math.min(min, whole.max - wanted))
  return { min, max: min + wanted }
}
