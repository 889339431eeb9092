// The word that somebody most likely meant, for messages about a word that is not known.
// It exists so that every parser of user input offers a remedy in the same way.

/**
 * Edit distance of two words (Levenshtein, with a swap of two neighbours counted as one edit: the optimal string
 * alignment distance), because a swap is the most common slip of a typing hand.
 */
export const editDistance = (left: string, right: string): number => {
  let beforePrevious: number[] = []
  let previous = Array.from({ length: right.length + 1 }, (_, j) => j)
  for (let i = 1; i <= left.length; i++) {
    const current = [i]
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1]
      let best = Math.min(
        (previous[j] ?? 0) + 1,
        (current[j - 1] ?? 0) + 1,
        (previous[j - 1] ?? 0) + (same ? 0 : 1),
      )
      const swapped = i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]
      if (swapped) best = Math.min(best, (beforePrevious[j - 2] ?? 0) + 1)
      current.push(best)
    }
    beforePrevious = previous
    previous = current
  }
  return previous[right.length] ?? 0
}

/**
 * The candidate nearest to a word, or null when none is near enough to be what was meant: more than one edit for
 * each three letters (at least one) says that it is another word. Case does not count; of equals the first wins.
 */
export const nearest = (word: string, candidates: Iterable<string>): string | null => {
  const wanted = word.toLowerCase()
  let best: string | null = null
  let bestDistance = Infinity
  for (const candidate of candidates) {
    const distance = editDistance(wanted, candidate.toLowerCase())
    const allowed = Math.max(1, Math.floor(Math.max(wanted.length, candidate.length) / 3))
    if (distance <= allowed && distance < bestDistance) {
      best = candidate
      bestDistance = distance
    }
  }
  return best
}
