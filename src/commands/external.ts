// The options of `rehearse --world external`: which Keystone and as whom, what would be done there, and what was left there.
// It exists so that the other worlds are run without a word of it.
import type { Command } from 'commander'
import { findCloud } from '../io/cloud/findCloud.js'
import { parseMysqlUrl } from '../io/store/mysqlConnection.js'
import { renderDryRun } from '../render/dryRun.js'
import type { Scenario } from '../scenario/scenario.js'
import { findAndRemove } from '../worlds/external/cleanup.js'
import { describeRun } from '../worlds/external/dryRun.js'
import type { ExternalOptions } from '../worlds/external/settings.js'
import type { WorldName } from '../worlds/world.js'
import { exitCodes } from './exit.js'
import type { OptionReader } from './optionReader.js'
import type { Stream, Surroundings } from './terminal.js'

export interface ExternalCommandOptions {
  readonly target?: string
  readonly osCloud?: string
  readonly tableDsn?: string
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
export const checkExternalOptions = (reader: OptionReader, world: WorldName): void => {
  if (world !== 'external') {
    const flags = ['--target', '--os-cloud', '--table-dsn', '--dry-run', '--cleanup']
    reader.idle(flags, `means nothing in the ${world} world`, 'add --world external, or leave it away')
    return
  }
  reader.idle(['--speed'], 'a given Keystone lives in real time', 'leave it away')
  const flag = ['--dry-run', '--cleanup'].find((each) => reader.isTyped(each))
  if (flag === undefined) return
  const remedy = `leave it or ${flag} away`
  reader.idle(['--live', '--out'], `there is no run with ${flag}`, remedy)
  if (flag === '--dry-run')
    reader.idle(['--cleanup'], 'removes what is there, and --dry-run does nothing', remedy)
}

/** The credentials and addresses; what is wrong with them is added. */
export const readExternal = (
  reader: OptionReader,
  command: string,
  options: ExternalCommandOptions,
  { env }: Surroundings,
): ExternalOptions | undefined => {
  const { target, osCloud } = options
  const tableDsn = options.tableDsn ?? env['CUTOVER_TABLE_DSN'] ?? ''
  const source = options.tableDsn === undefined ? 'CUTOVER_TABLE_DSN' : '--table-dsn'
  if (tableDsn !== '') reader.attempt(() => parseMysqlUrl(tableDsn, source))
  if (target !== undefined && !URL.canParse(target)) {
    const remedy = 'write it like https://keystone.example.org:5000/v3'
    reader.add({ path: '--target', message: 'is no address of a Keystone', remedy })
  }
  const cloud = reader.attempt(() => findCloud({ env, ...(osCloud === undefined ? {} : { name: osCloud }) }))
  if (cloud === undefined) return undefined
  return {
    ...cloud,
    env,
    cleanupCommand: `${command} --cleanup`,
    ...(target === undefined ? {} : { target }),
    ...(tableDsn === '' ? {} : { tableDsn }),
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
  json: boolean,
  stdout: Stream,
): Promise<number> => {
  const { removed, left } = await findAndRemove(scenario, external)
  if (json) stdout.write(`${JSON.stringify({ removed, left }, null, 2)}\n`)
  else {
    for (const { kind, name, id } of removed) stdout.write(`removed ${kind} ${name} (${id})\n`)
    for (const { made, reason } of left)
      stdout.write(`left ${made.kind} ${made.name} (${made.id}): ${reason}\n`)
    if (removed.length + left.length === 0) stdout.write('Nothing is left there.\n')
  }
  return left.length === 0 ? exitCodes.pass : exitCodes.world
}
