// The report's charts by keyboard: which window of time a key asks for, and legends that can be pressed.
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

/** Makes the names of a legend, which hide and show their series, reachable and pressable by keyboard. */
export function keyedLegend(place: HTMLElement): void {
  place.querySelectorAll<HTMLElement>('.u-series:not(:first-child) th').forEach((name) => {
    name.tabIndex = 0
    name.setAttribute('role', 'button')
    name.setAttribute('aria-pressed', 'true')
    name.addEventListener('keydown', (event) => {
      if (event.key !== 'Enter' && event.key !== ' ') return
      event.preventDefault()
      name.click()
    })
    name.addEventListener('click', () =>
      name.setAttribute('aria-pressed', String(!name.parentElement?.classList.contains('u-off'))),
    )
  })
}
