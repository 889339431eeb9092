// Legends of the live charts: pressed by keyboard, too, and with markers that show dashes and hatches.
// Functions in this folder are put into the page as source text, so they name nothing but one another.
/// <reference lib="dom" />

/** Makes the names of a legend, which hide and show their series, reachable and pressable by keyboard. */
export function keyedLegend(place: HTMLElement): void {
  place.querySelectorAll<HTMLElement>('.u-series:not(:first-child) th').forEach((name) => {
    name.tabIndex = 0
    name.setAttribute('role', 'button')
    name.setAttribute('aria-pressed', String(!name.parentElement?.classList.contains('u-off')))
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

/** Puts a drawing into the marker of each name of a legend, so that it shows what the chart shows: dashes, hatches. */
export function drawnLegend(place: HTMLElement, drawings: readonly string[]): void {
  place.querySelectorAll<HTMLElement>('.u-series:not(:first-child) .u-marker').forEach((marker, i) => {
    const drawing = drawings[i] ?? ''
    if (drawing === '') return
    marker.removeAttribute('style')
    marker.innerHTML = drawing
  })
}

/** The marker of an area: its colour, and the hatch over it. */
export function areaSwatch(colour: string, hatch: string): string {
  return `<svg aria-hidden="true" width="14" height="14" viewBox="0 0 8 8"><rect width="8" height="8" style="fill:${colour}"/><path class="hatch" d="${hatch}"/></svg>`
}

/** The marker of a line: its colour and its dashes. */
export function lineSwatch(colour: string, dash: readonly number[]): string {
  return `<svg aria-hidden="true" width="30" height="10"><line x2="30" y1="5" y2="5" style="stroke:${colour};stroke-width:2.5;stroke-dasharray:${dash.join(' ') || 'none'}"/></svg>`
}
