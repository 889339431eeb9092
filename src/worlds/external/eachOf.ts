// Several things done at the same time, a few at once, with their results in order.
// It exists so that a thousand users are made in the time of some hundred, and none is begun after one has failed.

const atOnceMost = 4

/** Does `work` for each index. The first failure is thrown when all that had begun have ended. */
export const eachOf = async <T>(
  count: number,
  work: (index: number) => Promise<T>,
): Promise<readonly T[]> => {
  const results: T[] = []
  let next = 0
  let failure: { readonly error: unknown } | null = null
  const lane = async (): Promise<void> => {
    while (next < count && failure === null) {
      const index = next++
      try {
        results[index] = await work(index)
      } catch (error) {
        failure ??= { error }
      }
    }
  }
  await Promise.all(Array.from({ length: Math.min(atOnceMost, count) }, lane))
  if (failure !== null) throw (failure as { readonly error: unknown }).error
  return results
}
