// cutover profile: measures what issuing and validating cost a Keystone that is given, and writes its cost profile.
// Reads the options and the credentials, calls one use, prints and writes.
import { existsSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import type { Command } from 'commander'
import { accessText } from '../io/cloud/access.js'
import { findCloud } from '../io/cloud/findCloud.js'
import { renderProfile } from '../render/costProfile.js'
import { parseCostFile } from '../scenario/costs/costFile.js'
import type { CostProfile } from '../scenario/costs/profile.js'
import { remedyFor } from '../scenario/issues.js'
import { measureProfile, mergeProfiles } from '../worlds/profile/measure.js'
import { exitCodes } from './exit.js'
import { readFileOrProblem } from './inputFile.js'
import { OptionReader } from './optionReader.js'
import { onceInterrupted } from './work.js'
import { columnsOf, createProgressLine, type Surroundings } from './terminal.js'

interface Options {
  readonly target: string
  readonly osCloud?: string
  readonly allowHost?: string
  readonly name: string
  readonly seconds: string
  readonly clients: string
  readonly workers?: string
  readonly cache: string
  readonly merge?: string
  readonly out?: string
  readonly json?: boolean
}

const clientsMost = 64
const secondsMost = 120
const timeoutMs = 60_000

const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(host)

/** Load goes to another machine only if its owner says so by name. */
const readTarget = (reader: OptionReader, { target, allowHost }: Options): URL | undefined => {
  const url = URL.canParse(target) ? new URL(target) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.username !== '' || url.password !== '') {
    const message = `${JSON.stringify(target)} is no address of a Keystone`
    return reader.add({
      path: '--target',
      message,
      remedy: 'write it like https://keystone.example.org:5000/v3',
    })
  }
  if (isLoopback(url.hostname)) {
    if (allowHost !== undefined && allowHost !== url.hostname) {
      const message = `${allowHost} is not the host of --target, ${url.hostname}`
      reader.add({ path: '--allow-host', message, remedy: 'leave it away, or mend --target' })
    }
    return url
  }
  if (allowHost === url.hostname) return url
  const message = `${url.hostname} is another machine, and this loads it as much as it bears for a while`
  const remedy = `if that is meant, name it: --allow-host ${url.hostname}`
  return reader.add({ path: '--target', message, remedy })
}

/** `1,2,4,8`: rising, from 1 on. */
const readClients = (reader: OptionReader, text: string): readonly number[] => {
  const clients = text.split(',').map(Number)
  const rises = clients.every((each, i) => Number.isInteger(each) && each > (clients[i - 1] ?? 0))
  if (rises && clients[0] === 1 && clients.length > 1 && (clients.at(-1) ?? 0) <= clientsMost) return clients
  const remedy = 'write rising whole numbers that begin with 1: 1,2,4,8,16'
  reader.add({ path: '--clients', message: `${text} is no sweep of at most ${clientsMost} clients`, remedy })
  return []
}

/** Whether a file stands where nothing is to be written over. */
const isOther = (out: string | undefined, merge: string | undefined): boolean =>
  out !== undefined &&
  existsSync(out) &&
  !statSync(out).isDirectory() &&
  (merge === undefined || path.resolve(out) !== path.resolve(merge))

const caches = ['none', 'hit', 'miss'] as const

/** The profile that is added to; null where none was named. */
const readOlder = async (
  reader: OptionReader,
  file: string | undefined,
): Promise<CostProfile | null | undefined> => {
  if (file === undefined) return null
  const text = await reader.attemptAsync(() => readFileOrProblem(file, 'name a profile to add to'))
  return text === undefined ? undefined : reader.attempt(() => parseCostFile({ file, text }))
}

const readOrder = async (options: Options, reader: OptionReader, env: Surroundings['env']) => {
  const url = readTarget(reader, options)
  const clients = readClients(reader, options.clients)
  const seconds = reader.whole('--seconds', options.seconds, 1, secondsMost)
  const workers = options.workers === undefined ? null : reader.whole('--workers', options.workers, 1)
  const cache = caches.find((each) => each === options.cache)
  if (cache === undefined)
    reader.add({
      path: '--cache',
      message: `unknown state ${JSON.stringify(options.cache)}`,
      remedy: remedyFor(options.cache, caches),
    })
  reader.outputFile('--out', options.out)
  if (isOther(options.out, options.merge)) {
    const remedy = 'name another file, or give the same one with --merge'
    reader.add({ path: '--out', message: `${options.out} is there already`, remedy })
  }
  const cloud = reader.attempt(() =>
    findCloud({
      // Whoever names the target need not name it twice.
      env: {
        ...env,
        ...(url === undefined || env['OS_AUTH_URL'] !== undefined ? {} : { OS_AUTH_URL: url.href }),
      },
      ...(options.osCloud === undefined ? {} : { name: options.osCloud }),
    }),
  )
  if (url !== undefined && cloud !== undefined && new URL(cloud.access.url).origin !== url.origin) {
    const message = `the credentials are for ${new URL(cloud.access.url).origin} (${cloud.access.origin})`
    reader.add({
      path: '--target',
      message,
      remedy: 'give those of the target: a password is sent to its own Keystone only',
    })
  }
  const older = await readOlder(reader, options.merge)
  return reader.done({ url, clients, seconds, workers, cache, cloud, older })
}

const run = async (options: Options, reader: OptionReader, surroundings: Surroundings): Promise<number> => {
  const { stdout, stderr, env } = surroundings
  const { older, cloud, url: _url, ...order } = await readOrder(options, reader, env)
  stderr.write(`Measuring as ${accessText(cloud.access)}\n`)
  const line = createProgressLine(surroundings, () => performance.now())
  const signal = onceInterrupted(surroundings, line)
  const measured = await measureProfile({
    ...order,
    ...cloud,
    name: options.name,
    timeoutMs,
    signal,
    onProgress: (text) => line.show(text),
  })
  line.end()
  const profile = older === null || signal.aborted ? measured : mergeProfiles(older, measured)
  const json = `${JSON.stringify(profile, null, 2)}\n`
  stdout.write(options.json === true ? json : renderProfile(profile, columnsOf(surroundings)))
  if (options.out === undefined) return signal.aborted ? exitCodes.inconclusive : exitCodes.pass
  if (signal.aborted) {
    stderr.write(`${options.out} was not written: a scenario wants a profile that is whole.\n`)
    return exitCodes.inconclusive
  }
  await writeFile(options.out, json)
  return exitCodes.pass
}

const explanation = `
Who logs in is read from clouds.yaml (--os-cloud) or the variables OS_*, as the
openstack command reads them. Closed loops: one client shows how long a request
takes, more clients how many workers there are and how they hinder each other.
Every request has a connection of its own. The Keystone is loaded as much as it
bears for (number of sweeps × 2 × --seconds), and keeps the tokens that were
issued until they expire. A host that is not this machine must be named again by
--allow-host. A profile holds the provider that is in force. To have both,
measure before and after the switch (in staging) and join with --merge.

A scenario uses it by its file:  identity: { costs: ./keystone-costs.json }

Example:
  OS_USERNAME=admin OS_PASSWORD=… OS_PROJECT_NAME=admin cutover profile --target http://127.0.0.1:5000/v3 --out keystone-costs.json`

export const addProfile = (
  program: Command,
  surroundings: Surroundings,
  ended: (code: number) => void,
): void => {
  program
    .command('profile')
    .description('measure what issuing and validating cost a real Keystone, for `identity.costs`')
    .requiredOption('--target <url>', 'the Keystone, such as http://127.0.0.1:5000/v3')
    .option('--os-cloud <name>', 'the entry of clouds.yaml; default: OS_CLOUD, or the variables OS_*')
    .option('--allow-host <host>', 'a host that may be loaded although it is not this machine')
    .option('--name <name>', 'what reports call the profile', 'measured')
    .option('--seconds <number>', 'of each loop', '10')
    .option('--clients <numbers>', 'the sweep', '1,2,4,8,16,32')
    .option(
      '--workers <number>',
      'worker processes of that Keystone; default: as many as the sweep shows busy',
    )
    .option('--cache <state>', 'what its cache of tokens has: none (there is none), hit or miss', 'none')
    .option('--merge <file>', 'a profile whose other rows are kept')
    .option('--out <file>', 'where the profile is written, as JSON')
    .option('--json', 'print the profile as JSON')
    .addHelpText('after', explanation)
    .action(async (options: Options, command: Command) => {
      ended(await run(options, new OptionReader(command), surroundings))
    })
}
