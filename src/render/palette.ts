// Which colour stands for which class of clients, the same in the terminal, on the page and in its drawings.
// It follows the order in the scenario, so that a class keeps its colour from one run to the next.
import type { ReportView } from './view.js'

/** Colours that there are, told apart by colour-blind readers too. */
export const coloursMost = 12

/** The position of a class's colour, from 0. Classes that no scenario named share those that are left. */
export function classColour(view: ReportView, className: string): number {
  const at = view.classes.findIndex((each) => each.name === className)
  return (at === -1 ? view.classes.length : at) % coloursMost
}

/**
 * What is drawn over the colour of an area, so that areas stacked on one another differ without colours, too: paths on a
 * tile of 8 by 8. There are seven, so that with twelve colours no two of 84 areas look alike.
 */
export const hatches: readonly string[] = [
  '',
  'M-2 2L2-2M0 8L8 0M6 10L10 6',
  'M1 3h2v2h-2z',
  'M-2 6L2 10M0 0L8 8M6-2L10 2',
  'M0 4H8',
  'M4 0V8',
  'M0 0L8 8M0 8L8 0',
]

/** The hatch that goes with a colour's position. */
export const hatchOf = (colour: number): string => hatches[colour % hatches.length] ?? ''

/** How lines of runs are dashed, so that they differ without colours, too: lengths of strokes and gaps. The first is solid. */
export const dashes: readonly (readonly number[])[] = [
  [],
  [9, 4],
  [3, 3],
  [12, 3, 3, 3],
  [6, 2],
  [9, 3, 3, 3, 3, 3],
  [2, 5],
]

/** Colours of runs that are overlaid, from 0: those that stand out from white and black first, grey last. */
const runColours = [0, 5, 2, 3, 4, 1, 8, 11, 9, 6, 10]
const greyColour = 7

/** How one of several runs is drawn. */
export interface RunLook {
  /** Position of its colour, from 0. */
  readonly colour: number
  readonly dash: readonly number[]
}

/** The looks of runs in their order; the one in which nothing was done is grey and solid. */
export function runLooks(names: readonly string[], unchanged: string | null): readonly RunLook[] {
  let next = 0
  return names.map((name) => {
    if (name === unchanged) return { colour: greyColour, dash: [] }
    const at = next++
    return { colour: runColours[at % runColours.length] ?? 0, dash: dashes[at % dashes.length] ?? [] }
  })
}
