// Draws how long a request keeps a worker busy where the scenario states it, request by request of its kind.
// Both worlds draw from it, as from a profile.
import { Random } from '../../base/random.js'
import type { Release, StatedCosts } from '../../scenario/scenario.js'
import { revocationUs } from './revocations.js'
import type { Served, WorkerTimes } from './serviceTimes.js'

/** Log-normal factors with a mean of 1: σ² = ln(1 + v²) for a standard deviation of v times the mean. */
const varying = (variation: number, random: Random): (() => number) => {
  const variance = Math.log(1 + variation ** 2)
  return variance === 0 ? () => 1 : () => Math.exp(Math.sqrt(variance) * random.normal() - variance / 2)
}

/**
 * A validation that ends early costs less: at the caller's own token (401), or at the subject (404). One of a token that is not in
 * Keystone's cache may cost more.
 */
const meanUs = (stated: StatedCosts, { op, provider, status, missed, missedTrust }: Served): number => {
  if (op === 'issue') return stated.issueUs
  if (status === 401) return stated.unauthorizedUs
  if (status < 200 || status > 299) return stated.notFoundUs
  if (stated.uncached === undefined || !missed) return stated.validateUs
  const { uuidUs, fernetUs, uuidTrustUs, fernetTrustUs } = stated.uncached
  if (missedTrust) return provider === 'uuid' ? uuidTrustUs : fernetTrustUs
  return provider === 'uuid' ? uuidUs : fernetUs
}

/** The cost of an issue includes the hash; no other includes revocation events. */
export class StatedTimes implements WorkerTimes {
  private readonly stated: StatedCosts
  private readonly release: Release
  private readonly factor: () => number

  /** @param options.node the backend, from 1: each has a stream of its own */
  constructor(options: {
    readonly stated: StatedCosts
    readonly release: Release
    readonly seed: number
    readonly node: number
  }) {
    const { stated, release, seed, node } = options
    this.stated = stated
    this.release = release
    this.factor = varying(stated.variation ?? 0, new Random(seed, 'stated costs', node))
  }

  drawMs(served: Served): number {
    const ownUs = meanUs(this.stated, served) * this.factor()
    const eventsUs = served.op === 'validate' ? revocationUs(this.release, served.events) : 0
    return (ownUs + eventsUs) / 1000
  }
}
