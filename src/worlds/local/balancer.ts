// HAProxy before the backends of the local world: the scenario's settings in real time.
// Its intervals are fixed when it starts, so they are those of the stretch in which a backend first goes away.
import path from 'node:path'
import { rm } from 'node:fs/promises'
import { TimeMap } from '../../base/time.js'
import { startHaproxy, type PrivateHaproxy } from '../../io/privateHaproxy.js'
import { privateFolders } from '../../io/runLeftovers.js'
import type { Scenario } from '../../scenario/scenario.js'
import type { Endings } from './endings.js'

/** Checks more often than this would be load of their own. */
export const checkIntervalLeastMs = 20

const isAboutBackends = ({ action }: Scenario['timeline'][number]): boolean =>
  (action.kind === 'fault' && action.fault.kind.startsWith('backend-')) || action.kind === 'cutover'

export const openBalancer = async (options: {
  readonly scenario: Scenario
  readonly folder: string
  readonly ports: readonly number[]
  readonly endings: Endings
  readonly fault: (name: string, node: number | null, code: number | null, signal: string | null) => void
}): Promise<PrivateHaproxy> => {
  const { scenario, folder, ports, endings, fault } = options
  const { algorithm, checks } = scenario.identity.balancer
  const { speed } = new TimeMap(scenario.clock).stretchAt(scenario.timeline.find(isAboutBackends)?.atSec ?? 0)
  const home = path.join(folder, privateFolders.haproxy)
  endings.add(() => rm(home, { recursive: true, force: true }))
  const haproxy = await startHaproxy({
    folder: home,
    ports,
    algorithm,
    checks:
      checks === null
        ? null
        : {
            ...checks,
            intervalMs: Math.max(checkIntervalLeastMs, (1000 * checks.intervalSec) / speed),
          },
    timeoutMs: scenario.limits.requestTimeoutMs,
    onDeath: (code, signal) => fault('haproxy', null, code, signal),
  })
  endings.add(() => haproxy.stop())
  return haproxy
}
