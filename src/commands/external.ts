// The options of `rehearse --world external`: which Keystone and as whom, what would be done there, and what was left there.
// It exists so that the other worlds are run without a word of it.
import type { Command } from 'commander'
import { InputError, type Problem } from '../base/errors.js'
import { findCloud } from '../io/cloud/findCloud.js'
import { renderDryRun } from '../render/dryRun.js'
import type { Scenario } from '../scenario/scenario.js'
import { findAndRemove } from '../worlds/external/cleanup.js'
import { describeRun } from '../worlds/external/dryRun.js'
import type { ExternalOptions } from '../worlds/external/settings.js'
import type { WorldName } from '../worlds/world.js'
import { exitCodes } from './exit.js'
import type { Stream, Surroundings } from './terminal.js'

export interface ExternalCommandOptions {
  readonly target?: string
  readonly osCloud?: string
  readonly tableDsn?: string
  readonly dryRun?: boolean
  readonly cleanup?: boolean
  readonly speed?: string
}

export const addExternalOptions = (verb: Command): void => {
  verb
    .option(
      '--target <url>',
      'external: the Keystone that may be put under load; needed if it is not on this machine',
    )
    .option(
      '--os-cloud <name>',
      'external: a cloud of clouds.yaml, before OS_CLOUD and the other variables OS_*',
    )
    .option(
      '--table-dsn <url>',
      'external: counts the token table, mysql://user:password@host:port/database; or CUTOVER_TABLE_DSN',
    )
    .option('--dry-run', 'external: print what would be done, and do nothing')
    .option('--cleanup', 'external: remove the users and projects that runs have left there, and run nothing')
}

/** Refuses what means something in the external world alone, or nothing there. */
export const checkExternalOptions = (world: WorldName, options: ExternalCommandOptions): void => {
  const problems: Problem[] = []
  const { target, osCloud, tableDsn, dryRun: dry, cleanup, speed } = options
  if (world !== 'external') {
    const given = {
      '--target': target,
      '--os-cloud': osCloud,
      '--table-dsn': tableDsn,
      '--dry-run': dry,
      '--cleanup': cleanup,
    }
    for (const [path, value] of Object.entries(given)) {
      if (value === undefined) continue
      problems.push({
        path,
        message: `means nothing in the ${world} world`,
        remedy: 'add --world external, or leave it away',
      })
    }
  } else if (speed !== undefined) {
    problems.push({
      path: '--speed',
      message: 'a given Keystone lives in real time',
      remedy: 'leave it away',
    })
  }
  if (problems.length > 0) throw new InputError(problems)
}

/** @throws InputError with all that is wrong with the credentials */
export const readExternal = (
  command: string,
  options: ExternalCommandOptions,
  { env }: Surroundings,
): ExternalOptions => {
  const { target, osCloud } = options
  const tableDsn = options.tableDsn ?? env['CUTOVER_TABLE_DSN']
  const { access, tls } = findCloud({ env, ...(osCloud === undefined ? {} : { name: osCloud }) })
  return {
    access,
    tls,
    env,
    cleanupCommand: `${command} --cleanup`,
    ...(target === undefined ? {} : { target }),
    ...(tableDsn === undefined || tableDsn === '' ? {} : { tableDsn }),
  }
}

export const dryRun = async (
  scenario: Scenario,
  external: ExternalOptions,
  json: boolean,
  stdout: Stream,
): Promise<number> => {
  const plan = await describeRun(scenario, external)
  stdout.write(json ? `${JSON.stringify(plan, null, 2)}\n` : renderDryRun(plan))
  return exitCodes.pass
}

/** Removes what is left; 0 if nothing is any more. */
export const cleanUp = async (
  scenario: Scenario,
  external: ExternalOptions,
  stdout: Stream,
): Promise<number> => {
  const { removed, left } = await findAndRemove(scenario, external)
  for (const { kind, name, id } of removed) stdout.write(`removed ${kind} ${name} (${id})\n`)
  for (const { made, reason } of left)
    stdout.write(`left ${made.kind} ${made.name} (${made.id}): ${reason}\n`)
  if (removed.length + left.length === 0) stdout.write('Nothing is left there.\n')
  return left.length === 0 ? exitCodes.pass : exitCodes.world
}
