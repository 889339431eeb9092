// Health checks as a scenario wants them, for whichever world asks the backends.
// They run only where a backend may go out of service by plan: elsewhere they would find nothing, a thousand times an hour.
import type { Clock } from '../rehearsal/ports.js'
import { HealthChecks } from '../rehearsal/healthChecks.js'
import type { Scenario } from '../scenario/scenario.js'

/** Whether the timeline takes a backend away from its clients. */
export const takesBackendsAway = ({ timeline }: Scenario): boolean =>
  timeline.some(
    ({ action }) =>
      (action.kind === 'fault' && action.fault.kind.startsWith('backend-')) ||
      (action.kind === 'cutover' && action.outage !== null),
  )

/** @param options.leastSec the shortest interval that the world can keep at an instant, scenario seconds */
export const createChecks = (options: {
  readonly scenario: Scenario
  readonly clock: Clock
  readonly leastSec: (nowSec: number) => number
  readonly probe: (node: number, done: (well: boolean) => void) => void
}): HealthChecks | null => {
  const { scenario, clock, leastSec, probe } = options
  const { backends, balancer } = scenario.identity
  if (balancer.checks === null || !takesBackendsAway(scenario)) return null
  const { intervalSec, rise, fall } = balancer.checks
  return new HealthChecks({
    nodes: backends,
    clock,
    intervalSec: (nowSec) => Math.max(intervalSec, leastSec(nowSec)),
    rise,
    fall,
    probe,
    untilSec: scenario.durationSec,
  })
}
