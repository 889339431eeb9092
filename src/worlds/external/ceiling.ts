// The most that is sent to a given Keystone in any second; what exceeds it waits its turn.
// It exists so that neither a spike of the plan nor a mistake in it can do to a cloud what nobody has agreed to.

/** What was held back in a run. */
export interface HeldBack {
  readonly requests: number
  readonly longestMs: number
  /** When the first was held back, by the clock that was handed in. */
  readonly firstMs: number
}

export class Ceiling {
  /** The instants of the last requests that were let through, one for each that a window may hold; a ring. */
  private readonly sent: number[]
  private readonly windowMs: number
  private readonly nowMs: () => number
  private next = 0
  private readonly waiting: { readonly sinceMs: number; readonly send: () => void }[] = []
  private timer: NodeJS.Timeout | null = null
  private held: HeldBack | null = null

  /** @param perSec requests a second; null: no limit */
  constructor(perSec: number | null, nowMs: () => number = () => performance.now()) {
    // Of a rate that is no whole number the window is a little longer than a second: a shorter one would fit into it twice.
    const inWindow = perSec === null ? 0 : Math.ceil(perSec)
    this.sent = Array.from({ length: inWindow }, () => -Infinity)
    this.windowMs = perSec === null ? 0 : (inWindow / perSec) * 1000
    this.nowMs = nowMs
  }

  get heldBack(): HeldBack | null {
    return this.held
  }

  /** Sends now, or as soon as the ceiling lets it; in the order of asking. */
  admit(send: () => void): void {
    if (this.sent.length === 0) {
      send()
      return
    }
    const nowMs = this.nowMs()
    if (this.waiting.length === 0 && this.takePlace(nowMs)) {
      send()
      return
    }
    this.waiting.push({ sinceMs: nowMs, send })
    this.schedule(nowMs)
  }

  /** The same as a promise. */
  admitted(): Promise<void> {
    return new Promise((resolve) => this.admit(resolve))
  }

  private takePlace(nowMs: number): boolean {
    if (nowMs - (this.sent[this.next] as number) < this.windowMs) return false
    this.sent[this.next] = nowMs
    this.next = (this.next + 1) % this.sent.length
    return true
  }

  private schedule(nowMs: number): void {
    if (this.timer !== null) return
    const waitMs = (this.sent[this.next] as number) + this.windowMs - nowMs
    this.timer = setTimeout(this.release, Math.max(0, Math.ceil(waitMs)))
  }

  private readonly release = (): void => {
    this.timer = null
    let first = this.waiting[0]
    while (first !== undefined) {
      const nowMs = this.nowMs()
      if (!this.takePlace(nowMs)) {
        this.schedule(nowMs)
        return
      }
      this.waiting.shift()
      const { requests = 0, longestMs = 0, firstMs = first.sinceMs } = this.held ?? {}
      this.held = { requests: requests + 1, longestMs: Math.max(longestMs, nowMs - first.sinceMs), firstMs }
      first.send()
      first = this.waiting[0]
    }
  }
}
