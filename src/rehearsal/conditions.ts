// Waits for what a step of the timeline waits for: a measure of the cloud that holds for long enough, or a last instant.
// It exists apart from the timeline because an operator ends the hybrid phases by a measure, and the measure moves.
import { micros, toSec } from '../base/time.js'
import type { StepCondition } from '../scenario/scenario.js'
import { formatDuration } from '../scenario/units.js'
import type { Fleet } from './fleet.js'
import type { Clock, Control } from './ports.js'

export interface WaitOptions {
  readonly condition: StepCondition & { readonly after: 'no-uuid-token' | 'last-uuid-expired' }
  /** Then it is over in any case, scenario seconds. */
  readonly latestSec: number
  readonly clock: Clock
  readonly control: Control
  readonly fleet: Fleet
  /** When Keystone last accepted a UUID token in a validation, scenario seconds; null if it never did. */
  readonly uuidSeenSec: () => number | null
  readonly stopped: () => boolean
  /** Called once, with the reason in words; never if the run is stopped before. */
  readonly met: (reason: string) => void
}

/** Whole seconds, so that a reason reads as a person would say it. */
const spoken = (sec: number): string => formatDuration(Math.round(sec))

/**
 * Waits until no backend issues UUID tokens any more and, since then and for `forSec`, no UUID token was accepted, or no
 * row of the table was valid. It looks again only when the measure could first hold, so it costs nothing meanwhile.
 */
export const waitFor = (options: WaitOptions): void => {
  const { condition, latestSec, clock, control, fleet } = options
  let over = false
  const end = (reason: string): void => {
    if (over || options.stopped()) return
    over = true
    options.met(reason)
  }
  const nowSec = (): number => toSec(clock.now())

  /** `quietSec`: since when the measure may have held. */
  const judge = (quietSec: number, words: string): void => {
    const dueSec = quietSec + condition.forSec
    if (nowSec() >= dueSec) end(words)
    else if (dueSec < latestSec) clock.at(micros(dueSec), look)
  }

  const look = (): void => {
    const sinceSec = fleet.allIssueFernetSinceSec
    if (over || options.stopped() || sinceSec === null) return
    if (condition.after === 'no-uuid-token') {
      const quietSec = Math.max(sinceSec, options.uuidSeenSec() ?? 0)
      judge(quietSec, `no UUID token since ${spoken(quietSec)}`)
      return
    }
    control.lastExpiry((answer) => {
      if (answer === null || over) return
      const quietSec = Math.max(sinceSec, answer.atSec ?? 0)
      judge(quietSec, `the last UUID token expired by ${spoken(quietSec)}`)
    })
  }

  fleet.onChange(look)
  clock.at(clock.now(), look)
  clock.at(micros(latestSec), () => end(`not measured by ${spoken(latestSec)}, so done at the latest time`))
}
