// The steps of a measurement: what comes next, and how long it still takes by what the steps before have taken.
// It exists because minutes without a word look like a hang.

export interface CapacityProgress {
  readonly text: string
  /** 0 … 1. */
  readonly share: number
  readonly leftSec: number
}

/** Seconds as they were foreseen; those that are over say how far the rest is off. */
export class Steps {
  private readonly totalSec: number
  private readonly onProgress: (progress: CapacityProgress) => void
  private readonly startedMs = performance.now()
  private doneSec = 0

  constructor(totalSec: number, onProgress: (progress: CapacityProgress) => void) {
    this.totalSec = totalSec
    this.onProgress = onProgress
  }

  /** A step is over that was foreseen to take so long. */
  done(foreseenSec: number): void {
    this.doneSec += foreseenSec
  }

  /** @param underWaySec of the step that is under way */
  tell(text: string, underWaySec = 0): void {
    const doneSec = Math.min(this.totalSec, this.doneSec + underWaySec)
    const tookSec = (performance.now() - this.startedMs) / 1000
    const pace = doneSec > 5 ? tookSec / doneSec : 1
    this.onProgress({ text, share: doneSec / this.totalSec, leftSec: (this.totalSec - doneSec) * pace })
  }
}
