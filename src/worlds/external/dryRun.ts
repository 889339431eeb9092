// What an external run would do, told before it does anything: target, load, users, and each step with its command.
// It asks nobody but the resolver; whatever would forbid the run is found here as it would be there.
import { accessText } from '../../io/cloud/access.js'
import { hookText } from '../../io/hookCommand.js'
import { stepLabel } from '../../rehearsal/timeline.js'
import type { DryRun, DryRunStep } from '../../render/dryRun.js'
import { endHook, hookFor } from '../../scenario/external.js'
import type { Scenario, TimelineStep } from '../../scenario/scenario.js'
import { planPeople } from './peoplePlan.js'
import { permit, type ExternalOptions } from './settings.js'

/** Calls a second that the plan wants with all members active. */
const plannedPerSec = ({ clients }: Scenario): number =>
  clients.reduce((sum, { members, everySec }) => sum + members / everySec, 0)

const stepsOf = ({ timeline, external, identity }: Scenario): readonly DryRunStep[] =>
  timeline.flatMap((step): readonly DryRunStep[] => {
    const { action, atSec, waitsFor } = step
    const hook = hookFor(action, external.hooks)
    const told = {
      label: stepLabel(step),
      waits: waitsFor?.after ?? null,
      command: hook === null ? null : hookText(hook.run),
      timeoutSec: hook?.timeoutSec ?? null,
    }
    return nodesOf(step, identity.backends).map((node, i) => {
      const gapSec = action.kind === 'cutover' ? (action.rollingGapSec ?? 0) : 0
      return { ...told, node, atSec: atSec + i * gapSec }
    })
  })

/** A switch is done backend after backend; null: the step is done once. */
const nodesOf = ({ action }: TimelineStep, backends: number): readonly (number | null)[] => {
  if (action.kind !== 'cutover') return [null]
  return action.nodes === 'all' ? Array.from({ length: backends }, (_, i) => i + 1) : action.nodes
}

/** @throws InputError with all that forbids the run */
export const describeRun = async (scenario: Scenario, options: ExternalOptions): Promise<DryRun> => {
  const { addresses, loopback, tableDsn } = await permit(scenario, options)
  const { external, durationSec } = scenario
  const { people, abort, ceilingPerSec } = external
  const plan = planPeople(scenario)
  const services = plan.services.length + (plan.validator ? 1 : 0)
  const end = external.hooks[endHook]
  return {
    target: options.access.url,
    login: accessText(options.access),
    addresses,
    loopback,
    certificatesChecked: options.access.tls.verify,
    ceilingPerSec,
    plannedPerSec: plannedPerSec(scenario),
    abort: abort === null ? null : { share: abort.share, overSec: abort.overSec, refusals: abort.refusals },
    people:
      people.kind === 'given'
        ? {
            kind: 'given',
            users: people.users.length,
            members: plan.membersOfUsers,
            services: people.service === null ? 0 : 1,
          }
        : {
            kind: 'made',
            prefix: people.prefix,
            users: plan.users + plan.trustees + services,
            projects: plan.projects + (services > 0 ? 1 : 0),
            trusts: [...plan.members.values()].flat().filter(({ trustee }) => trustee !== null).length,
          },
    tableEverySec: tableDsn === null ? null : (external.table?.everySec ?? 10),
    durationSec,
    steps: stepsOf(scenario),
    endCommand: end === undefined ? null : hookText(end.run),
  }
}
