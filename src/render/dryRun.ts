// What an external run would do, as text: who is asked how much, who is made there, and when which command is run.
// It exists so that an operator reads it, and somebody else can be shown it, before anything is sent.
import { counted, duration, figure } from './text.js'

export interface DryRunStep {
  readonly atSec: number
  readonly label: string
  readonly node: number | null
  /** What it waits for instead of its time, which is then the latest. */
  readonly waits: string | null
  /** Null: nothing is run. */
  readonly command: string | null
  readonly timeoutSec: number | null
}

export interface DryRun {
  readonly target: string
  readonly login: string
  readonly addresses: readonly string[]
  readonly loopback: boolean
  readonly certificatesChecked: boolean
  readonly ceilingPerSec: number | null
  readonly plannedPerSec: number
  readonly abort: { readonly share: number; readonly overSec: number; readonly refusals: boolean } | null
  readonly people:
    | {
        readonly kind: 'given'
        readonly users: number
        /** Members of classes that are dealt to them. */
        readonly members: number
        readonly services: number
      }
    | {
        readonly kind: 'made'
        readonly prefix: string
        readonly users: number
        readonly projects: number
        readonly trusts: number
      }
  /** Null: the table is not counted. */
  readonly tableEverySec: number | null
  readonly durationSec: number
  readonly steps: readonly DryRunStep[]
  readonly endCommand: string | null
}

const peopleText = (people: DryRun['people']): string => {
  if (people.kind === 'given') {
    const { users, members, services } = people
    const shared = members > users ? `, shared by ${counted(members, 'member')}` : ''
    const service = services === 0 ? '' : ', and one for the services'
    return `${counted(users, 'user')} that exist${shared}${service}; none is made or removed`
  }
  const { prefix, users, projects, trusts } = people
  const withTrusts = trusts === 0 ? '' : `, ${counted(trusts, 'trust')}`
  return `${counted(users, 'user')}, ${counted(projects, 'project')}${withTrusts} made as ${prefix}…, removed at the end`
}

const loadText = ({ ceilingPerSec, plannedPerSec }: DryRun): string => {
  const ceiling =
    ceilingPerSec === null ? 'no ceiling' : `at most ${figure(ceilingPerSec)} requests in any second`
  return `${figure(plannedPerSec)} calls/s planned, those that services remember among them; ${ceiling}`
}

const abortText = ({ abort }: DryRun): string => {
  if (abort === null) return 'never by itself'
  const what = abort.refusals ? 'fail or are refused' : 'fail or get no answer'
  return `when more than ${figure(abort.share * 100)} % of the requests of ${duration(abort.overSec)} ${what}`
}

const stepText = ({ atSec, label, node, waits, command, timeoutSec }: DryRunStep): string => {
  const when = waits === null ? duration(atSec) : `${waits}, at the latest ${duration(atSec)}`
  const what = node === null ? label : `${label}, node ${node}`
  const how = command === null ? 'nothing is run' : `${command}  (at most ${duration(timeoutSec ?? 0)})`
  return `  ${when}  ${what}: ${how}\n`
}

export const renderDryRun = (run: DryRun): string => {
  const { addresses, loopback, certificatesChecked, tableEverySec, endCommand } = run
  const where = `${addresses.join(', ')}${loopback ? ', this machine' : ''}`
  const unchecked =
    run.target.startsWith('https:') && !certificatesChecked ? '; certificates are not checked' : ''
  const steps = run.steps.map(stepText).join('')
  const end = endCommand === null ? '' : `  end  ${endCommand}\n`
  return (
    `Nothing was asked, made or run. A run of ${duration(run.durationSec)} would do this:\n\n` +
    `target  ${run.target} (${where})${unchecked}\n` +
    `login   ${run.login}\n` +
    `load    ${loadText(run)}\n` +
    `ends    ${abortText(run)}\n` +
    `users   ${peopleText(run.people)}\n` +
    `table   ${tableEverySec === null ? 'not counted' : `counted every ${duration(tableEverySec)}, read only`}\n\n` +
    `timeline\n${steps}${end}${steps === '' && end === '' ? '  nothing\n' : ''}`
  )
}
