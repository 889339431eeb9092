// What an external run is given beside its scenario, and whether it may begin: the target, the ceiling, the hooks, the secrets.
// It exists so that everything that forbids a run is found before the first request is sent, and all of it at once.
import { lookup } from 'node:dns/promises'
import { isIPv4 } from 'node:net'
import { InputError, type Problem } from '../../base/errors.js'
import type { CloudAccess } from '../../io/cloud/access.js'
import type { TlsSettings } from '../../io/cloud/findCloud.js'
import { Secret } from '../../io/cloud/secret.js'
import { hookProblem } from '../../io/hookCommand.js'
import type { GivenUser } from '../../scenario/external.js'
import type { Scenario } from '../../scenario/scenario.js'

/** What the command line and the environment say of a given Keystone. */
export interface ExternalOptions {
  readonly access: CloudAccess
  readonly tls: TlsSettings
  /** `--target`: names the Keystone that is meant. */
  readonly target?: string
  /** `--table-dsn`: before the scenario's own. */
  readonly tableDsn?: string
  /** The command that removes what a run has left there, for messages. */
  readonly cleanupCommand: string
  /** The environment: of the hooks, and where the scenario's `$NAME`s are looked up. */
  readonly env: Readonly<Record<string, string | undefined>>
}

/** A run that may begin. */
export interface ExternalPermit {
  /** Whether every address of the target is on this machine. */
  readonly loopback: boolean
  readonly addresses: readonly string[]
  readonly tableDsn: Secret | null
  readonly passwords: ReadonlyMap<GivenUser, Secret>
}

/** With `/v3` and without a slash at its end, so that two spellings of one address are one. */
const settled = (url: string): string => {
  const { origin, pathname } = new URL(url)
  const path = pathname.replace(/\/+$/, '')
  return `${origin}${path.endsWith('/v3') ? path : `${path}/v3`}`
}

const isLoopback = (address: string): boolean =>
  isIPv4(address) ? address.startsWith('127.') : address === '::1' || /^::ffff:127\./i.test(address)

const addressesOf = async (url: string): Promise<readonly string[]> => {
  const host = new URL(url).hostname.replace(/^\[(.*)\]$/, '$1')
  try {
    return (await lookup(host, { all: true })).map(({ address }) => address)
  } catch {
    throw new InputError([
      { path: 'auth_url', message: `the name ${host} has no address`, remedy: 'check the URL of the target' },
    ])
  }
}

/** Whether the target is named, and is the one that was logged in at. */
const checkNames = (
  scenario: Scenario,
  { access, target }: ExternalOptions,
  loopback: boolean,
): readonly Problem[] => {
  const problems: Problem[] = []
  const named = [
    { path: '--target', url: target },
    { path: 'external.target', url: scenario.external.target ?? undefined },
  ]
  for (const { path, url } of named) {
    if (url === undefined) continue
    if (!URL.canParse(url)) {
      problems.push({ path, message: 'is no address of a Keystone', remedy: `write ${access.url}` })
    } else if (settled(url) !== access.url) {
      const message = `names another Keystone than the credentials: ${settled(url)}`
      problems.push({ path, message, remedy: `the credentials are for ${access.url} (${access.origin})` })
    }
  }
  if (loopback) return problems
  if (named.every(({ url }) => url === undefined)) {
    const message = `${access.url} is not on this machine, and nobody has named it as the target`
    problems.push({ path: 'external.target', message, remedy: `if it is meant, add --target ${access.url}` })
  }
  if (scenario.external.ceilingPerSec === null) {
    const message = `${access.url} is not on this machine, and no ceiling is stated for the load`
    problems.push({
      path: 'external.ceiling',
      message,
      remedy: 'write how much it may be asked at most: `ceiling: 50/s`',
    })
  }
  return problems
}

const checkCommands = ({ external }: Scenario): readonly Problem[] =>
  Object.entries(external.hooks).flatMap(([hook, { run }]) => {
    const message = hookProblem(run)
    return message === null ? [] : [{ path: `external.hooks.${hook}`, message, remedy: 'mend its `run`' }]
  })

/** Where a given user stands in the scenario. */
export const givenPath = (index: number): string => `external.users[${index}]`

/** The value of a variable that a scenario names. */
const variable = (name: string, path: string, { env }: ExternalOptions, problems: Problem[]): Secret => {
  const value = env[name] ?? ''
  if (value === '')
    problems.push({ path, message: `the variable ${name} is not set`, remedy: `export ${name}=…` })
  return new Secret(value)
}

const tableDsnOf = ({ external }: Scenario, options: ExternalOptions, problems: Problem[]): Secret | null => {
  if (options.tableDsn !== undefined) return new Secret(options.tableDsn)
  const dsn = external.table?.dsn ?? null
  if (dsn === null) return null
  return dsn.startsWith('$')
    ? variable(dsn.slice(1), 'external.table.dsn', options, problems)
    : new Secret(dsn)
}

/**
 * Whether a run may begin against the given Keystone. Asks nobody but the system's resolver.
 * @throws InputError with all that forbids it
 */
export const permit = async (scenario: Scenario, options: ExternalOptions): Promise<ExternalPermit> => {
  const { external } = scenario
  const addresses = await addressesOf(options.access.url)
  const loopback = addresses.length > 0 && addresses.every(isLoopback)
  const problems = [...checkNames(scenario, options, loopback), ...checkCommands(scenario)]
  const tableDsn = tableDsnOf(scenario, options, problems)
  const passwords = new Map<GivenUser, Secret>()
  if (external.people.kind === 'given') {
    const { users, service } = external.people
    const all = users.map((user, i): [string, GivenUser] => [givenPath(i), user])
    if (service !== null) all.push(['external.service', service])
    for (const [path, user] of all)
      passwords.set(user, variable(user.passwordVariable, `${path}.password`, options, problems))
  }
  if (problems.length > 0) throw new InputError(problems)
  return { loopback, addresses, tableDsn, passwords }
}
