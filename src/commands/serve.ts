// cutover serve: the identity service alone, until Ctrl-C.
// Reads the options, starts the service, tells where it is, and ends it.
import { randomBytes } from 'node:crypto'
import type { Command } from 'commander'
import { InputError } from '../base/errors.js'
import { releaseProfiles } from '../identity/release.js'
import { KeyRepositoryError, readRing } from '../io/keyRepository.js'
import { parseStoreChoice, type StoreChoice } from '../io/store/open.js'
import { parseCloud, readServiceWords } from '../scenario/service.js'
import { openIdentityService, type ServiceOptions } from '../worlds/local/service.js'
import { exitCodes } from './exit.js'
import { readFileOrProblem } from './inputFile.js'
import { OptionReader } from './optionReader.js'
import type { Surroundings } from './terminal.js'

interface Options {
  readonly provider?: string
  readonly release: string
  readonly listen: string
  readonly backends: string
  readonly store: string
  readonly keys?: string
  readonly cloud?: string
  readonly expiration: string
  readonly allowExpiredWindow?: string
  readonly passwordHash?: string
  readonly publicUrl?: string
  readonly bootstrapPassword?: string
  readonly json?: boolean
}

const refuse = (path: string, message: string, remedy: string): InputError =>
  new InputError([{ path, message, remedy }])

const readListen = (text: string): ServiceOptions['listen'] => {
  const [, inBrackets, plain, digits] = /^(?:\[([^\]]+)\]|([^:]+)):(\d{1,5})$/.exec(text) ?? []
  const host = inBrackets ?? plain
  if (host === undefined || Number(digits) > 65_535) {
    throw refuse(
      '--listen',
      `"${text}" is no address`,
      'write HOST:PORT, such as 127.0.0.1:5000; port 0 is any free one',
    )
  }
  return { host, port: Number(digits) }
}

const readStore = (text: string): StoreChoice => {
  const choice = parseStoreChoice(text)
  if (choice.kind !== 'memory') return choice
  throw refuse('--store', 'backends cannot share the store memory', 'use sqlite, mariadb or mysql://…')
}

const readPublicUrl = (text: string): string => {
  const url = URL.canParse(text) ? new URL(text) : null
  if (url === null || !/^https?:$/.test(url.protocol) || url.search !== '' || url.hash !== '') {
    throw refuse(
      '--public-url',
      `"${text}" is no URL of a service`,
      'write it like https://cloud.example.org:5000',
    )
  }
  return text.replace(/\/+$/, '').replace(/\/v3$/, '')
}

/** A folder without keys is fine, one with broken keys is not. */
const checkKeys = (folder: string): void => {
  try {
    readRing(folder)
  } catch (error) {
    if (!(error instanceof KeyRepositoryError)) throw error
    if (error.code === 'missing-directory' || error.code === 'no-keys') return
    throw refuse('--keys', error.message, 'name a Fernet key repository, or an empty folder')
  }
}

/** The release's own provider unless one is named; an unknown release is refused elsewhere. */
const providerOf = ({ provider, release }: Options): string =>
  provider ??
  Object.entries(releaseProfiles).find(([name]) => name === release)?.[1].defaultProvider ??
  'uuid'

/** The cloud of a file; null where none was named. */
const readCloud = async (
  reader: OptionReader,
  file: string | undefined,
): Promise<ServiceOptions['cloud'] | undefined> => {
  if (file === undefined) return null
  const remedy = 'name a file with the keys of a scenario’s `cloud`'
  const text = await reader.attemptAsync(() => readFileOrProblem(file, remedy))
  return text === undefined ? undefined : reader.attempt(() => parseCloud({ file, text }))
}

const readOptions = async (
  options: Options,
  reader: OptionReader,
  env: Surroundings['env'],
): Promise<Omit<ServiceOptions, 'makePassword' | 'onWords'>> => {
  const { settings, problems: found } = readServiceWords({
    release: options.release,
    provider: providerOf(options),
    backends: options.backends,
    expiration: options.expiration,
    ...(options.allowExpiredWindow === undefined ? {} : { allowExpiredWindow: options.allowExpiredWindow }),
    ...(options.passwordHash === undefined ? {} : { passwordHash: options.passwordHash }),
  })
  for (const problem of found) reader.add(problem)
  const { keys, cloud: cloudFile, publicUrl: publicText } = options
  const listen = reader.attempt(() => readListen(options.listen))
  const store = reader.attempt(() => readStore(options.store))
  const publicUrl = publicText === undefined ? null : reader.attempt(() => readPublicUrl(publicText))
  if (keys !== undefined) reader.attempt(() => checkKeys(keys))
  const cloud = await readCloud(reader, cloudFile)
  const read = reader.done({ settings: settings ?? undefined, listen, store, publicUrl, cloud })
  const password = options.bootstrapPassword ?? env['OS_BOOTSTRAP_PASSWORD'] ?? ''
  return {
    ...read,
    keysFolder: keys ?? null,
    password: password === '' ? null : password,
  }
}

/** A store as it may be shown: a URL holds a password. */
const storeText = (store: StoreChoice): string => {
  if (store.kind === 'mysql') return store.url.replace(/:\/\/.*@/, '://…@')
  return store.kind === 'sqlite' && store.file !== null ? `sqlite:${store.file}` : store.kind
}

const run = async (words: Options, reader: OptionReader, surroundings: Surroundings): Promise<number> => {
  const { stdout, stderr, env } = surroundings
  const options = await readOptions(words, reader, env)
  let interrupts = 0
  const stopped = new Promise<void>((resolve) => {
    surroundings.onInterrupt(() => {
      if (++interrupts > 2) process.exit(exitCodes.pass)
      resolve()
    })
  })
  const service = await openIdentityService({
    ...options,
    makePassword: () => randomBytes(18).toString('base64url'),
    onWords: (text) => stderr.write(text),
  })
  const { identity } = options.settings
  try {
    if (service.found && options.cloud !== null) {
      stderr.write('warning: --cloud: the store holds a cloud already, which is left as it is\n')
    }
    if (service.madePassword !== null) {
      stderr.write(`The password of admin, made up and shown only now: ${service.madePassword}\n`)
    }
    const ready = {
      url: `${service.url}/v3`,
      provider: identity.provider,
      release: identity.release,
      backends: identity.backends,
      store: storeText(options.store),
      keys: service.keysFolder,
    }
    stdout.write(
      words.json === true
        ? `${JSON.stringify(ready)}\n`
        : `Ready at ${ready.url}: provider ${ready.provider} as in ${ready.release}, backends ${ready.backends}, store ${ready.store}, keys ${ready.keys}\n`,
    )
    await Promise.race([stopped, service.broken])
  } finally {
    await service.close()
  }
  return exitCodes.pass
}

const explanation = `
Backends are processes that share one listening socket, so that clients see one
address however many there are. A new store begins with what keystone-manage
bootstrap makes: domain default, project and user admin, roles admin, member,
reader and service, the identity service with its endpoints. A store that holds
a cloud is left as it is, but for a password that is given and the address of
those endpoints. Without sqlite:FILE, mysql://… and --keys everything is gone at
the end. To switch the provider, end the service and start it on the same store
and keys with another --provider, as with a Keystone.

Examples:
  cutover serve --provider uuid --store sqlite:keystone.sqlite --keys fernet-keys
  cutover serve --provider fernet --store sqlite:keystone.sqlite --keys fernet-keys`

export const addServe = (
  program: Command,
  surroundings: Surroundings,
  ended: (code: number) => void,
): void => {
  program
    .command('serve')
    .description('run the identity service alone, until Ctrl-C')
    .option(
      '--provider <mode>',
      'uuid, dual-uuid, dual-fernet or fernet; default: the provider that the release has by default',
    )
    .option(
      '--release <release>',
      'the Keystone release that is followed: mitaka, newton, ocata, queens or zed',
      'queens',
    )
    .option('--listen <address>', 'where it listens; port 0 is any free one', '127.0.0.1:5000')
    .option('--backends <number>', 'processes behind that address', '1')
    .option(
      '--store <store>',
      'sqlite, sqlite:FILE, mariadb (a private server) or mysql://user:password@host:port/database',
      'sqlite',
    )
    .option('--keys <folder>', 'the Fernet key repository, made if it is empty; default: a temporary one')
    .option(
      '--cloud <file>',
      'users, projects and services to begin with: the keys of a scenario’s `cloud` (YAML); all have the password of admin',
    )
    .option('--expiration <duration>', 'how long a token is valid', '1h')
    .option(
      '--allow-expired-window <duration>',
      'how long services may validate expired tokens; default: the release’s',
    )
    .option('--password-hash <scheme[:rounds]>', 'how passwords are hashed')
    .option('--public-url <url>', 'where clients are told to reach it; default: where it listens')
    .option(
      '--bootstrap-password <password>',
      'of admin; better in OS_BOOTSTRAP_PASSWORD, which no process list shows; default: one is made up and shown once',
    )
    .option('--json', 'print the line that tells it is ready as JSON')
    .addHelpText('after', explanation)
    .action(async (options: Options, command: Command) => {
      ended(await run(options, new OptionReader(command), surroundings))
    })
}
