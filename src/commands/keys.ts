// cutover keys setup|rotate|list|verify: a Keystone key repository on disk, made, turned, shown and judged.
// Keys are never printed; a key is named by its fingerprint.
import { existsSync } from 'node:fs'
import type { Command } from 'commander'
import { InputError } from '../base/errors.js'
import { createOwnerNames, findGroup, findUser, mayMakeFilesFor } from '../io/systemUser.js'
import { rotateRepository, setupRepository } from '../io/keyChanges.js'
import { readKeyFolders } from '../io/keyFolders.js'
import { renderKeyFolders, renderKeyReport, type ShownFolder } from '../render/keyReport.js'
import { keyWords } from '../render/keyWords.js'
import { checkFolder, type KeystoneUser } from '../token/folderCheck.js'
import { entryOfKey, ringOfFolder, roleOfKey, type KeyFolder, type Owner } from '../token/keyFolder.js'
import { openingOrder, type RingChange } from '../token/keyring.js'
import { keysRequiredBy } from '../token/keyCount.js'
import { TokenError } from '../token/tokenError.js'
import { refusesTokens, verifyKeys } from '../token/verifyKeys.js'
import { exitCodes } from './exit.js'
import { defaultMaxActiveKeys, readMaxActiveKeys, readPolicy, type PolicyOptions } from './keyOptions.js'
import { OptionReader } from './optionReader.js'
import { colourOf, columnsOf, type Surroundings } from './terminal.js'

type Ended = (code: number) => void

const octal = (mode: number): string => `0${mode.toString(8).padStart(3, '0')}`

/** A folder as it may be shown. */
const showFolder = (folder: KeyFolder, nameOwner: (owner: Owner) => string): ShownFolder => {
  const ring = ringOfFolder(folder)
  return {
    folder: folder.path,
    mode: octal(folder.mode),
    owner: nameOwner(folder),
    keys: openingOrder(ring)
      .toReversed()
      .map(({ index, id }) => {
        const entry = entryOfKey(folder, index)
        return {
          index,
          role: roleOfKey(ring, index),
          fingerprint: id,
          writtenAt: new Date((entry?.writtenAtSec ?? 0) * 1000).toISOString(),
          mode: octal(entry?.mode ?? 0),
          owner: entry === null ? '' : nameOwner(entry),
        }
      }),
  }
}

const styleOf = (surroundings: Surroundings) => ({
  columns: columnsOf(surroundings),
  colour: colourOf(surroundings),
})

const printJson = (surroundings: Surroundings, document: unknown): void => {
  surroundings.stdout.write(`${JSON.stringify(document, null, 2)}\n`)
}

/** What is odd about a folder that was just changed goes to stderr: the change itself is done. */
const warnOf = (folder: KeyFolder, user: KeystoneUser | null, surroundings: Surroundings): void => {
  for (const finding of checkFolder(folder, user)) {
    if (finding.severity === 'note') continue
    const { what, remedy } = keyWords(finding)
    surroundings.stderr.write(`warning: ${folder.path}: ${what}; ${remedy}\n`)
  }
}

const changed = (path: string, { ring, steps }: RingChange) => {
  const key = (index: number) => ({ index, fingerprint: ring.keys.get(index)?.id ?? '' })
  return {
    folder: path,
    changed: steps.length > 0,
    primary: key(Math.max(...ring.keys.keys())),
    staged: key(0),
    removed: steps.flatMap((step) => (step.kind === 'remove' ? [Number(step.file)] : [])),
    keys: [...ring.keys.keys()].sort((a, b) => a - b).map(key),
  }
}

const finishChange = (
  change: ReturnType<typeof changed>,
  sentences: readonly string[],
  options: { readonly json?: boolean },
  surroundings: Surroundings,
  user: KeystoneUser | null = null,
): number => {
  if (options.json === true) printJson(surroundings, change)
  else surroundings.stdout.write(`${sentences.join('\n')}\n`)
  for (const folder of readKeyFolders([change.folder])) warnOf(folder, user, surroundings)
  return exitCodes.pass
}

const named = ({ index, fingerprint }: { readonly index: number; readonly fingerprint: string }): string =>
  `key ${index} (${fingerprint})`

interface SetupOptions {
  readonly keystoneUser?: string
  readonly keystoneGroup?: string
  readonly json?: boolean
}

const readOwner = (options: SetupOptions, reader: OptionReader): Owner | null => {
  const { keystoneUser, keystoneGroup } = options
  const user = keystoneUser === undefined ? undefined : findUser(keystoneUser)
  const group = keystoneGroup === undefined ? undefined : findGroup(keystoneGroup)
  if (user === null) reader.add(noSuchUser(keystoneUser ?? ''))
  if (group === null) {
    const message = `there is no group ${JSON.stringify(keystoneGroup)}`
    reader.add({ path: '--keystone-group', message, remedy: 'write the name or number of a group' })
  }
  if (keystoneUser === undefined && keystoneGroup !== undefined) {
    reader.add({ path: '--keystone-group', message: 'needs a user', remedy: 'give --keystone-user, too' })
  }
  const uid = user?.uid
  if (uid !== undefined && !mayMakeFilesFor(uid)) {
    const message = 'only root may make files of another user'
    reader.add({ path: '--keystone-user', message, remedy: 'run this as root, or as that user' })
  }
  return uid === undefined ? null : { uid, gid: group ?? user?.gids[0] ?? uid }
}

const noSuchUser = (name: string) => ({
  path: '--keystone-user',
  message: `there is no user ${JSON.stringify(name)}`,
  remedy: 'write the name or number of the user that Keystone runs as',
})

const setup = (
  path: string,
  options: SetupOptions,
  reader: OptionReader,
  surroundings: Surroundings,
): number => {
  const owner = readOwner(options, reader)
  if (existsSync(path)) reader.attempt(() => readKeyFolders([path]))
  reader.done({})
  const change = changed(path, setupRepository(path, owner === null ? {} : { owner }))
  const state = `primary ${named(change.primary)}, staged ${named(change.staged)}`
  const sentences = change.changed
    ? [`${path}: ${state}.`, 'Copy the folder to every other node before Keystone starts there.']
    : [`${path}: is set up already and was left as it is: ${state}.`]
  // A setup that died may have left files that this user cannot read.
  const user = owner === null ? null : { uid: owner.uid, gids: [owner.gid] }
  return finishChange(change, sentences, options, surroundings, user)
}

interface RotateOptions {
  readonly maxActiveKeys?: string
  readonly json?: boolean
}

const rotate = (
  path: string,
  options: RotateOptions,
  reader: OptionReader,
  surroundings: Surroundings,
): number => {
  const maxActiveKeys = readMaxActiveKeys(options.maxActiveKeys, reader)
  reader.attempt(() => readKeyFolders([path]))
  reader.done({})
  let change: ReturnType<typeof changed>
  try {
    change = changed(path, rotateRepository(path, { maxActiveKeys }))
  } catch (error) {
    if (!(error instanceof TokenError && error.code === 'no-staged-key')) throw error
    const remedy = `cutover keys setup ${path} stages one; copy it to the other nodes before you rotate`
    throw new InputError([{ file: `${path}/0`, message: 'there is no staged key', remedy }])
  }
  const removed = change.removed.length === 0 ? 'nothing removed' : `removed ${change.removed.join(', ')}`
  const sentences = [
    `${path}: primary is now ${named(change.primary)}, staged ${named(change.staged)}, ${removed}.`,
    'Copy the folder to every other node before the next rotation, the new primary key first.',
  ]
  return finishChange(change, sentences, options, surroundings)
}

const list = (
  paths: readonly string[],
  options: { json?: boolean },
  reader: OptionReader,
  surroundings: Surroundings,
): number => {
  const nameOwner = createOwnerNames()
  const { read } = reader.done({ read: reader.attempt(() => readKeyFolders(paths)) })
  const folders = read.map((folder) => showFolder(folder, nameOwner))
  if (options.json === true) printJson(surroundings, { format: 'cutover/keys@1', folders })
  else surroundings.stdout.write(renderKeyFolders(folders, styleOf(surroundings)))
  return exitCodes.pass
}

interface VerifyOptions extends PolicyOptions {
  readonly keystoneUser?: string
  readonly json?: boolean
}

const verify = (
  paths: readonly string[],
  options: VerifyOptions,
  reader: OptionReader,
  surroundings: Surroundings,
): number => {
  const policy = readPolicy(options, reader)
  const user = options.keystoneUser === undefined ? null : findUser(options.keystoneUser)
  if (options.keystoneUser !== undefined && user === null) reader.add(noSuchUser(options.keystoneUser))
  const { folders } = reader.done({ folders: reader.attempt(() => readKeyFolders(paths)) })
  const findings = verifyKeys({ folders, policy, user })
  const nameOwner = createOwnerNames()
  const report = {
    folders: folders.map((folder) => showFolder(folder, nameOwner)),
    findings: findings.map((finding) => ({ ...finding, ...keyWords(finding) })),
    keysRequired: keysRequiredBy(policy),
    notJudged: [
      ...(keysRequiredBy(policy) === null
        ? ['whether there are keys enough; give --validity and --rotation']
        : []),
      ...(folders.length === 1
        ? ['whether nodes read each other’s tokens; name the folders of all nodes']
        : []),
    ],
  }
  const refuses = refusesTokens(findings)
  if (options.json === true) {
    const verdict = refuses ? 'fail' : 'pass'
    printJson(surroundings, { format: 'cutover/keys-verify@1', verdict, ...report })
  } else surroundings.stdout.write(renderKeyReport(report, styleOf(surroundings)))
  return refuses ? exitCodes.gateFailed : exitCodes.pass
}

const maxActiveKeysHelp = `[fernet_tokens] max_active_keys; Keystone’s default is ${defaultMaxActiveKeys}`

export const addKeys = (program: Command, surroundings: Surroundings, ended: Ended): void => {
  const keys = program
    .command('keys')
    .description('a Keystone key repository on disk: setup, rotate, list, verify')
    .addHelpText(
      'after',
      '\nKeys are never printed: a fingerprint is the first 8 hexadecimal digits of the SHA-256 of a key’s 32 bytes.' +
        '\n\nExamples:\n  cutover keys verify node1/fernet-keys node2/fernet-keys --validity 24h --rotation 6h\n  cutover keys rotate --help',
    )
  keys
    .command('setup')
    .argument('<folder>', 'the key repository; made if it is not there')
    .description('make a key repository (0700, files 0600), or stage a key that it has lost')
    .option('--keystone-user <user>', 'whom the folder and the keys shall belong to')
    .option('--keystone-group <group>', 'and which group; default: the user’s own')
    .option('--json', 'print the keys’ indices and fingerprints as JSON')
    .addHelpText(
      'after',
      '\nExample:\n  cutover keys setup /etc/keystone/fernet-keys --keystone-user keystone',
    )
    .action((folder: string, options: SetupOptions, command: Command) =>
      ended(setup(folder, options, new OptionReader(command), surroundings)),
    )
  keys
    .command('rotate')
    .argument('<folder>', 'the key repository of the one node that rotates')
    .description('make the staged key primary, stage a new one, remove the lowest; owners stay as they are')
    .option('--max-active-keys <count>', maxActiveKeysHelp)
    .option('--json', 'print what has changed as JSON')
    .addHelpText('after', '\nExample:\n  cutover keys rotate /etc/keystone/fernet-keys --max-active-keys 6')
    .action((folder: string, options: RotateOptions, command: Command) =>
      ended(rotate(folder, options, new OptionReader(command), surroundings)),
    )
  keys
    .command('list')
    .argument('<folders...>', 'key repositories')
    .description('show the keys by index, role and fingerprint')
    .option('--json', 'print them as JSON')
    .addHelpText('after', '\nExample:\n  cutover keys list /etc/keystone/fernet-keys')
    .action((folders: string[], options: { json?: boolean }, command: Command) =>
      ended(list(folders, options, new OptionReader(command), surroundings)),
    )
  keys
    .command('verify')
    .argument('<folders...>', 'the key repositories of all nodes, or copies of them')
    .description('find what refuses tokens, or will: in each folder, and between the nodes')
    .option('--validity <duration>', '[token] expiration: 24h')
    .option('--rotation <duration>', 'time from one rotation to the next: 6h')
    .option('--max-active-keys <count>', maxActiveKeysHelp)
    .option(
      '--allow-expired-window <duration>',
      '[token] allow_expired_window, where services send service tokens: 48h',
    )
    .option('--keystone-user <user>', 'whom Keystone runs as; default: the owner of each folder')
    .option('--json', 'print the findings as JSON')
    .addHelpText(
      'after',
      '\nExit codes: 0 nothing refuses tokens · 1 something does · 2 bad input.' +
        '\n\nExample:\n  cutover keys verify node1 node2 node3 --validity 24h --rotation 6h --max-active-keys 6',
    )
    .action((folders: string[], options: VerifyOptions, command: Command) =>
      ended(verify(folders, options, new OptionReader(command), surroundings)),
    )
}
