// The options of `cutover capacity`, read with their units and bounds; all that is wrong is told at once.
// It exists apart from the verb, so that each fits a sitting.
import { statfsSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { parseStoreChoice, type StoreChoice } from '../io/store/open.js'
import type { Need } from '../plan/capacity.js'
import type { IdentitySettings } from '../scenario/scenario.js'
import { readServiceWords } from '../scenario/service.js'
import { readRate, readShare } from '../scenario/units.js'
import type { ProviderMode } from '../token/mode.js'
import type { SweepSettings } from '../worlds/capacity/sweep.js'
import type { OptionReader } from './optionReader.js'

export interface CapacityWords {
  readonly store: string
  readonly providers: string
  readonly connections: string
  readonly backends: string
  readonly duration: string
  readonly live: string
  readonly table?: string
  readonly release: string
  readonly passwordHash?: string
  readonly validations: string
  readonly issues: string
  readonly within: string
  readonly share: string
  readonly busy: string
  readonly seed: string
  readonly out?: string
  readonly html?: string
  readonly json?: boolean
}

export interface CapacityChoice extends SweepSettings {
  readonly store: StoreChoice
  readonly identity: IdentitySettings
  readonly rows: number
  readonly sizes: readonly number[]
  readonly need: Need
  readonly seed: number
}

const modesOf: Readonly<Record<string, readonly ProviderMode[]>> = {
  uuid: ['uuid'],
  fernet: ['fernet'],
  dual: ['dual-uuid', 'dual-fernet'],
}

const connectionsMost = 1024
const backendsMost = 64
const secondsLeast = 0.2
const secondsMost = 60
const rowsLeast = 1000
const rowsMost = 10_000_000
/** Bytes on disk for a row: its body, what InnoDB adds, its indexes, and the room that building those takes. */
const diskBytesOfRow = 8000

const factors: Readonly<Record<string, number>> = { '': 1, k: 1e3, M: 1e6 }

/** `50000`, `10k`, `3M`. */
const readRows = (reader: OptionReader, option: string, text: string): number | undefined => {
  const [, digits, unit = ''] = /^(\d+(?:\.\d+)?)([kM]?)$/.exec(text.trim()) ?? []
  const value = digits === undefined ? NaN : Math.round(Number(digits) * (factors[unit] ?? NaN))
  if (value >= rowsLeast && value <= rowsMost) return value
  return reader.add({
    path: option,
    message: `${JSON.stringify(text)} is no number of rows from ${rowsLeast} to ${rowsMost}`,
    remedy: 'write it like 50000, 10k or 3M',
  })
}

/** Whole numbers in rising order, each once. */
const readCounts = (reader: OptionReader, option: string, text: string, most: number): readonly number[] => {
  const values = text.split(',').map((part) => (/^\s*\d+\s*$/.test(part) ? Number(part) : NaN))
  if (values.every((value) => value >= 1 && value <= most)) return [...new Set(values)].sort((a, b) => a - b)
  reader.add({
    path: option,
    message: `${JSON.stringify(text)} is no list of numbers from 1 to ${most}`,
    remedy: `write them with commas: ${option} 1,2,4`,
  })
  return []
}

const readModes = (reader: OptionReader, text: string): readonly ProviderMode[] => {
  const words = text.split(',').map((word) => word.trim())
  const unknown = words.filter((word) => !Object.hasOwn(modesOf, word))
  if (unknown.length > 0) {
    reader.add({
      path: '--providers',
      message: `there is no provider ${JSON.stringify(unknown[0])}`,
      remedy: 'uuid, fernet, dual (both phases), or several with commas',
    })
  }
  return [...new Set(words.flatMap((word) => modesOf[word] ?? []))]
}

const readShareWithin = (reader: OptionReader, option: string, text: string, example: string): number => {
  const value = reader.quantity(option, text, readShare)
  if (value === undefined) return 0.5
  if (value > 0 && value < 1) return value
  reader.add({
    path: option,
    message: 'must lie between 0 % and 100 %',
    remedy: `write ${option} ${example}`,
  })
  return 0.5
}

const readStore = (reader: OptionReader, text: string, sizes: readonly number[]): StoreChoice | undefined => {
  const choice = reader.attempt(() => parseStoreChoice(text))
  if (choice?.kind === 'memory') {
    const remedy = 'use sqlite, mariadb or mysql://…'
    return reader.add({ path: '--store', message: 'backends cannot share the store memory', remedy })
  }
  const isOwn = choice?.kind === 'mariadb' || (choice?.kind === 'sqlite' && choice.file === null)
  if (choice !== undefined && sizes.length > 0 && !isOwn) {
    reader.add({
      path: '--table',
      message: 'each size wants an empty store of its own',
      remedy: 'use it with --store mariadb or --store sqlite',
    })
  }
  return choice
}

const checkDisk = (reader: OptionReader, sizes: readonly number[]): void => {
  const most = Math.max(0, ...sizes)
  const { bavail, bsize } = statfsSync(tmpdir())
  if (most * diskBytesOfRow < bavail * bsize) return
  reader.add({
    path: '--table',
    message: `${most} rows take up to ${Math.ceil((most * diskBytesOfRow) / 1e9)} GB in ${tmpdir()}, which has ${Math.floor((bavail * bsize) / 1e9)} GB left`,
    remedy: 'leave the largest size away, or name a larger place in TMPDIR',
  })
}

/** @throws InputError with all that is wrong */
export const readCapacityOptions = (reader: OptionReader, words: CapacityWords): CapacityChoice => {
  const sizes = (words.table?.split(',') ?? []).flatMap((part) => readRows(reader, '--table', part) ?? [])
  const store = readStore(reader, words.store, sizes)
  checkDisk(reader, sizes)
  const modes = readModes(reader, words.providers)
  const connections = readCounts(reader, '--connections', words.connections, connectionsMost)
  const backends = readCounts(reader, '--backends', words.backends, backendsMost)
  if (connections.length > 0 && Math.max(...connections) < Math.min(...backends)) {
    reader.add({
      path: '--connections',
      message: 'are fewer than the backends, of which each needs one',
      remedy: 'write more, or fewer backends',
    })
  }
  const seconds = reader.duration('--duration', words.duration, 'above zero') ?? 1
  if (seconds < secondsLeast || seconds > secondsMost) {
    const remedy = `write ${secondsLeast * 1000}ms to ${secondsMost}s`
    reader.add({ path: '--duration', message: `${words.duration} is out of range`, remedy })
  }
  const { settings, problems } = readServiceWords({
    release: words.release,
    provider: 'uuid',
    ...(words.passwordHash === undefined ? {} : { passwordHash: words.passwordHash }),
  })
  for (const problem of problems) reader.add(problem)
  const need: Need = {
    validationsPerSec: reader.quantity('--validations', words.validations, readRate) ?? 0,
    issuesPerSec: reader.quantity('--issues', words.issues, readRate) ?? 0,
    withinSec: reader.duration('--within', words.within, 'above zero') ?? 1,
    share: readShareWithin(reader, '--share', words.share, '99%'),
    busyMost: readShareWithin(reader, '--busy', words.busy, '70%'),
  }
  const rows = readRows(reader, '--live', words.live) ?? rowsLeast
  const seed = reader.seed(words.seed) ?? 0
  reader.outputFile('--out', words.out)
  reader.outputFile('--html', words.html)
  reader.done({})
  return {
    store: store ?? { kind: 'sqlite', file: null },
    identity: (settings as { readonly identity: IdentitySettings }).identity,
    modes,
    connections,
    backends,
    seconds,
    rows,
    sizes: [...new Set(sizes)].sort((a, b) => a - b),
    need,
    seed,
  }
}
