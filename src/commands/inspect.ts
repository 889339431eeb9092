// cutover inspect TOKEN: what a token says, which key opens it, and whether rotation lets it live; or its row.
// The token itself is never printed, and need not be in the process list.
import type { Command } from 'commander'
import { parseInstant } from '../identity/instants.js'
import { fernetView, uuidView, type KeyFacts } from '../identity/inspection.js'
import { releaseProfiles, type ReleaseProfile } from '../identity/release.js'
import { readKeyFolders } from '../io/keyFolders.js'
import { parseStoreChoice, type StoreChoice } from '../io/store/open.js'
import { checkLookedInto, readStoredToken } from '../io/store/storedToken.js'
import { renderInspection, type InspectionView } from '../render/inspection.js'
import { keyWords } from '../render/keyWords.js'
import type { FernetShapeProblem } from '../token/fernet.js'
import { checkFolder } from '../token/folderCheck.js'
import { inspectFernet, shapeOf, type OpeningKey, type TokenShape } from '../token/inspection.js'
import { entryOfKey, ringOfFolder, roleOfKey, type KeyFolder } from '../token/keyFolder.js'
import { keyOutlook, rotationsUntilPruned } from '../token/keyOutlook.js'
import { exitCodes } from './exit.js'
import { defaultMaxActiveKeys, readMaxActiveKeys } from './keyOptions.js'
import { OptionReader } from './optionReader.js'
import { colourOf, columnsOf, type Surroundings } from './terminal.js'

interface Options {
  readonly keys?: string
  readonly store?: string
  readonly rotation?: string
  readonly maxActiveKeys?: string
  readonly release: string
  readonly methods?: string
  readonly defaultDomainId?: string
  readonly at?: string
  readonly json?: boolean
}

/** What was typed, understood. */
interface Order {
  readonly text: string
  readonly shape: Extract<TokenShape, { readonly shape: 'uuid' | 'fernet' }>
  readonly folder: KeyFolder | null
  readonly store: StoreChoice | null
  readonly rotationSec: number | null
  readonly maxActiveKeys: number
  readonly methodOrder: readonly string[]
  readonly defaultDomainId: string
  readonly nowSec: number
}

const brokenWords: Readonly<Record<FernetShapeProblem, string>> = {
  'bad-base64': 'it has characters that are no base64url, or lacks some at its end',
  'too-short': 'it is cut off',
  'bad-version': 'its first byte is not 0x80',
  'bad-timestamp': 'its timestamp is out of range',
  'bad-length': 'its length is not that of whole blocks, so it lacks characters or has some too many',
}

const tokenProblem = (message: string, remedy: string) => ({ path: 'TOKEN', message, remedy })

/** Refuses what is neither a UUID nor a Fernet token by its looks. The text is never repeated. */
const readShape = (text: string, reader: OptionReader): Order['shape'] | undefined => {
  const shape = shapeOf(text)
  switch (shape.shape) {
    case 'uuid':
    case 'fernet':
      return shape
    case 'broken-fernet':
      return reader.add(
        tokenProblem(`a malformed Fernet token: ${brokenWords[shape.problem]}`, 'copy it again, whole'),
      )
    case 'pki':
      return reader.add(
        tokenProblem('a PKI token, not a Fernet token', 'Keystone dropped the format with Ocata'),
      )
    case 'unknown':
      return reader.add(
        text === ''
          ? tokenProblem('there is no token', 'give it as a word, or `-` and on standard input')
          : tokenProblem(
              `not a Fernet token, and not a UUID token either (${text.length} characters)`,
              'a UUID token is 32 lower-case hexadecimal digits, a Fernet token begins with gAAAAA',
            ),
      )
  }
}

const readRelease = (name: string, reader: OptionReader): ReleaseProfile | undefined => {
  const profile = Object.values(releaseProfiles).find(({ release }) => release === name)
  if (profile !== undefined) return profile
  const remedy = `write one of ${Object.keys(releaseProfiles).join(', ')}`
  return reader.add({
    path: '--release',
    message: `${JSON.stringify(name)} is no release known here`,
    remedy,
  })
}

const readMethods = (text: string | undefined, reader: OptionReader): readonly string[] | undefined => {
  if (text === undefined) return undefined
  const methods = text.split(',').map((method) => method.trim())
  if (methods.length <= 32 && methods.every((method) => /^[\w.:-]+$/.test(method))) return methods
  const remedy = 'write the names of `[auth] methods` in their order: external,password,token'
  return reader.add({ path: '--methods', message: 'is no list of at most 32 names', remedy })
}

const readInstant = (text: string | undefined, reader: OptionReader): number => {
  if (text === undefined) return Date.now() / 1000
  const sec = parseInstant(text)
  if (sec !== null) return sec
  const remedy = 'write UTC as 2026-11-22T14:00:00Z'
  return reader.add({ path: '--at', message: `${JSON.stringify(text)} is no instant`, remedy }) ?? 0
}

const readFolder = (path: string, reader: OptionReader): KeyFolder | undefined => {
  const [folder] = reader.attempt(() => readKeyFolders([path])) ?? []
  if (folder === undefined || ringOfFolder(folder).keys.size > 0) return folder
  const remedy = 'name a folder that holds keys'
  return reader.add({ path: '--keys', message: `${path} holds no key`, remedy })
}

const readStore = (text: string): StoreChoice => {
  const choice = parseStoreChoice(text)
  checkLookedInto(choice)
  return choice
}

/** What is asked of the keys means nothing without them, and a default nothing beside what is said. */
const checkIdle = (reader: OptionReader, { keys, methods }: Options): void => {
  if (keys === undefined) {
    const flags = ['--rotation', '--max-active-keys', '--release', '--methods', '--default-domain-id']
    reader.idle(flags, 'says something only of a token that a key opens', 'add --keys, or leave it away')
  } else if (methods !== undefined) {
    reader.idle(['--release'], 'is for its default of --methods, which is given', 'leave one of them away')
  }
}

const readOrder = (text: string, options: Options, reader: OptionReader): Order => {
  const shape = readShape(text, reader)
  const release = readRelease(options.release, reader)
  const methods = readMethods(options.methods, reader)
  if (release !== undefined) checkIdle(reader, options)
  const { keys, store } = options
  const order = {
    text,
    folder: keys === undefined ? null : (readFolder(keys, reader) ?? null),
    store: store === undefined ? null : (reader.attempt(() => readStore(store)) ?? null),
    rotationSec: reader.duration('--rotation', options.rotation, 'above zero') ?? null,
    maxActiveKeys: readMaxActiveKeys(options.maxActiveKeys, reader),
    methodOrder: methods ?? release?.defaultMethods ?? [],
    defaultDomainId: options.defaultDomainId ?? 'default',
    nowSec: readInstant(options.at, reader),
  }
  return reader.done({ ...order, shape })
}

/** What the folder knows of the key that opened a token. */
const factsFrom =
  (folder: KeyFolder, order: Order) =>
  ({ index }: OpeningKey, expiresAtSec: number | null): KeyFacts => {
    const ring = ringOfFolder(folder)
    const { maxActiveKeys, rotationSec, nowSec } = order
    const rotationsLeft = rotationsUntilPruned(ring, { index, maxActiveKeys })
    const stagedAtSec = entryOfKey(folder, 0)?.writtenAtSec ?? null
    return {
      role: roleOfKey(ring, index),
      writtenAtSec: entryOfKey(folder, index)?.writtenAtSec ?? 0,
      maxActiveKeys,
      rotationsLeft,
      outlook:
        rotationSec === null || expiresAtSec === null
          ? null
          : keyOutlook({ rotations: rotationsLeft, rotationSec, stagedAtSec, nowSec, expiresAtSec }),
    }
  }

const inspect = async (order: Order): Promise<InspectionView> => {
  const { text, shape, folder, store, nowSec } = order
  if (shape.shape === 'uuid') {
    const row = store === null ? undefined : await readStoredToken(store, text)
    return uuidView({ text, row, nowSec })
  }
  return fernetView({
    text,
    nowSec,
    sealedAtSec: shape.sealedAtSec,
    methodCount: order.methodOrder.length,
    tried:
      folder === null
        ? null
        : {
            inspected: inspectFernet(text, ringOfFolder(folder), order),
            factsOf: factsFrom(folder, order),
          },
  })
}

const run = async (
  word: string,
  options: Options,
  reader: OptionReader,
  surroundings: Surroundings,
): Promise<number> => {
  const text = (word === '-' ? await surroundings.readStdin() : word).trim()
  const order = readOrder(text, options, reader)
  const view = await inspect(order)
  const { stdout, stderr } = surroundings
  for (const finding of order.folder === null ? [] : checkFolder(order.folder, null)) {
    if (finding.severity !== 'refuses') continue
    const { what, why } = keyWords(finding)
    stderr.write(`warning: ${finding.folder}: ${what}; ${why}\n`)
  }
  stdout.write(
    options.json === true
      ? `${JSON.stringify(view, null, 2)}\n`
      : renderInspection(view, { columns: columnsOf(surroundings), colour: colourOf(surroundings) }),
  )
  return view.opened ? exitCodes.pass : exitCodes.gateFailed
}

export const addInspect = (
  program: Command,
  surroundings: Surroundings,
  ended: (code: number) => void,
): void => {
  program
    .command('inspect')
    .argument('<token>', 'a token, or - to read it from standard input')
    .description(
      'what a token says, which key opens it, what rotation will do to it; or the row of a UUID token',
    )
    .option('--keys <folder>', 'the key repository that opens Fernet tokens')
    .option('--store <store>', 'where the rows of UUID tokens are: sqlite:FILE or mysql://…; only read')
    .option('--rotation <duration>', 'time from one key rotation to the next: 6h')
    .option(
      '--max-active-keys <count>',
      `[fernet_tokens] max_active_keys; default, as in Keystone: ${defaultMaxActiveKeys}`,
    )
    .option('--release <release>', 'whose default of [auth] methods names the methods', 'queens')
    .option('--methods <names>', '[auth] methods in their order, separated by commas')
    .option('--default-domain-id <id>', '[identity] default_domain_id', 'default')
    .option('--at <instant>', 'judge as of then instead of now: 2026-11-22T14:00:00Z')
    .option('--json', 'print it as JSON, under Keystone’s own field names')
    .addHelpText(
      'after',
      '\nA token on the command line is in the process list and in the shell’s history; with - it is in neither.' +
        '\nThe token is never printed.' +
        '\n\nExit codes: 0 opened · 1 not opened: no key fits, no row · 2 bad input, such as a text that is no token.' +
        '\n\nExample:\n  cutover inspect - --keys /etc/keystone/fernet-keys --rotation 6h --max-active-keys 6 < token.txt',
    )
    .action(async (token: string, options: Options, command: Command) => {
      ended(await run(token, options, new OptionReader(command), surroundings))
    })
}
