// The backends' own words for those who look on: the last ones known, and new ones asked for in passing.
// It exists so that a look takes no time and costs the backends at most one question a second, and none when nobody looks.
import type { BackendWord } from './onlooker.js'

/** Real milliseconds between two questions. */
const restMs = 1000

export class BackendWords {
  private latest: readonly BackendWord[] = []
  private asking = false
  private askedMs = -Infinity
  private readonly ask: (() => Promise<readonly BackendWord[]>) | undefined

  /** @param ask absent where backends cannot be asked */
  constructor(ask: (() => Promise<readonly BackendWord[]>) | undefined) {
    this.ask = ask
  }

  /** What they said last; empty before they have said anything. */
  look(nowMs: number): readonly BackendWord[] {
    if (this.ask !== undefined && !this.asking && nowMs - this.askedMs >= restMs) {
      this.askedMs = nowMs
      this.asking = true
      void this.ask()
        .then((words) => (this.latest = words))
        .finally(() => (this.asking = false))
    }
    return this.latest
  }
}
