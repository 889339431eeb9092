// Which plans are worth choosing between: those that no other plan beats in everything that counts.
// It exists because refusals, duration and writes have no common unit, so the choice between them is a person's.

/** What a plan is judged by; less is better in each. */
export interface Cost {
  /** Refused requests that the change brought about: all but those of expired tokens, which are refused whatever is done. */
  readonly refusals: number
  /** From the first step to the end of the last, scenario seconds. */
  readonly durationSec: number
  /** Rows inserted and deleted and revocation events. */
  readonly writes: number
}

const beats = (a: Cost, b: Cost): boolean =>
  a.refusals <= b.refusals &&
  a.durationSec <= b.durationSec &&
  a.writes <= b.writes &&
  (a.refusals < b.refusals || a.durationSec < b.durationSec || a.writes < b.writes)

/** The plans that no other one beats (V. Pareto), those with the fewest refusals first, then the shortest, then the cheapest. */
export const paretoFront = <Plan extends { readonly cost: Cost }>(plans: readonly Plan[]): readonly Plan[] =>
  plans
    .filter((plan) => !plans.some((other) => beats(other.cost, plan.cost)))
    .toSorted(
      ({ cost: a }, { cost: b }) =>
        a.refusals - b.refusals || a.durationSec - b.durationSec || a.writes - b.writes,
    )
