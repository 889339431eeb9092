// cutover profile: measures what issuing and validating cost a Keystone that is given, and writes its cost profile.
// Reads the options and the credentials, calls one use, prints and writes.
import { existsSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import type { Command } from 'commander'
import { accessText } from '../io/cloud/access.js'
import { findCloud } from '../io/cloud/findCloud.js'
import { renderProfile } from '../render/costProfile.js'
import { parseCostFile } from '../scenario/costs/costFile.js'
import type { CostProfile } from '../scenario/costs/profile.js'
import { remedyFor } from '../scenario/issues.js'
import { measureProfile, mergeProfiles, type ProfileOrder } from '../worlds/profile/measure.js'
import { exitCodes } from './exit.js'
import { readFileOrProblem } from './inputFile.js'
import { OptionReader } from './keyOptions.js'
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
  if (isLoopback(url.hostname) || allowHost === url.hostname) return url
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

const caches = ['none', 'hit', 'miss'] as const

const readOrder = (options: Options, env: Surroundings['env']): Omit<ProfileOrder, 'onProgress'> => {
  const reader = new OptionReader()
  const url = readTarget(reader, options)
  const clients = readClients(reader, options.clients)
  const seconds = reader.whole('--seconds', options.seconds, 1)
  if (seconds !== undefined && seconds > secondsMost)
    reader.add({
      path: '--seconds',
      message: `${seconds} is too long`,
      remedy: `write at most ${secondsMost}`,
    })
  const workers = reader.whole('--workers', options.workers, 1) ?? null
  const cache = caches.find((each) => each === options.cache)
  if (cache === undefined)
    reader.add({
      path: '--cache',
      message: `unknown state ${JSON.stringify(options.cache)}`,
      remedy: remedyFor(options.cache, caches),
    })
  if (options.out !== undefined && existsSync(options.out) && options.merge !== options.out) {
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
  reader.done()
  const { access, tls } = cloud as NonNullable<typeof cloud>
  return {
    name: options.name,
    access,
    tls,
    seconds: seconds ?? 10,
    clients,
    workers,
    cache: cache ?? 'none',
    timeoutMs,
  }
}

const run = async (options: Options, surroundings: Surroundings): Promise<number> => {
  const { stdout, stderr, env } = surroundings
  const order = readOrder(options, env)
  const older: CostProfile | null =
    options.merge === undefined
      ? null
      : parseCostFile({
          file: options.merge,
          text: await readFileOrProblem(options.merge, 'name a profile to add to'),
        })
  stderr.write(`Measuring as ${accessText(order.access)}\n`)
  const line = createProgressLine(surroundings, () => performance.now())
  surroundings.onInterrupt(() => process.exit(exitCodes.inconclusive))
  const measured = await measureProfile({ ...order, onProgress: (text) => line.show(text) })
  line.end()
  const profile = older === null ? measured : mergeProfiles(older, measured)
  const json = `${JSON.stringify(profile, null, 2)}\n`
  if (options.out !== undefined) await writeFile(options.out, json)
  stdout.write(options.json === true ? json : renderProfile(profile, columnsOf(surroundings)))
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
    .action(async (options: Options) => {
      ended(await run(options, surroundings))
    })
}
