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
