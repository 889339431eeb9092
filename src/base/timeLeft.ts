// How long a piece of work will still take, from what has been done of it so far.
// One estimate for all that shows progress, so that each is silent as long as nothing is known.

export interface WorkSoFar {
  readonly done: number
  readonly total: number
  /** Real seconds since it began. */
  readonly elapsedSec: number
}

/** Little is known in the first two percent, or in the first half second. */
const shareLeast = 0.02
const elapsedLeastSec = 0.5

/** Real seconds that the rest takes if it goes on as it went so far; null while nothing can be said. */
export const timeLeftSec = ({ done, total, elapsedSec }: WorkSoFar): number | null => {
  const share = total > 0 ? done / total : 0
  if (!(share >= shareLeast) || elapsedSec < elapsedLeastSec) return null
  return (elapsedSec * Math.max(0, 1 - share)) / share
}
