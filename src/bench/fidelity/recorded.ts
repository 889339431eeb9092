// Reads a recorded cutover: what real clients saw of a real Keystone, call by call (test/vectors/cutovers).
// Only what the comparison needs is taken out of its columns.
import { readFileSync } from 'node:fs'
import { gunzipSync } from 'node:zlib'
import type { Exchange, Observed } from './figures.js'

/** Where recordings lie, if nobody says otherwise. */
export const recordingsFolder = new URL('../../../test/vectors/cutovers/', import.meta.url)

/** Rows of a table with a head; no cell holds a comma or a quote. */
const rowsOf = (folder: URL, name: string): readonly Readonly<Record<string, string>>[] => {
  const text = gunzipSync(readFileSync(new URL(name, folder))).toString('utf8')
  const [head = '', ...lines] = text.trim().split(/\r?\n/)
  const columns = head.split(',')
  return lines.map((line) => {
    const cells = line.split(',')
    return Object.fromEntries(columns.map((column, i) => [column, cells[i] ?? '']))
  })
}

/** Words of the columns `exchanges`: `s` at the service, `v` and `i` at Keystone, with the status, or `E`. */
const opOf = { s: 'call', v: 'validate', i: 'issue' } as const

/** A call's exchanges; those that are not told one by one are the call itself. All are counted at the call's end. */
const exchangesOf = (row: Readonly<Record<string, string>>): Exchange[] => {
  const common = { clientClass: row['class'] ?? '', atSec: Number(row['done']) }
  const told = [...(row['exchanges'] ?? '').matchAll(/([svi])(\d+|E)@/g)]
  if (told.length > 0) {
    return told.map(([, what, status]) => ({
      ...common,
      op: opOf[what as keyof typeof opOf],
      status: status === 'E' ? 0 : Number(status),
    }))
  }
  const op = row['op'] === 'get' ? 'call' : row['op'] === 'validate' ? 'validate' : 'issue'
  return [{ ...common, op, status: row['status'] === '' ? 0 : Number(row['status']) }]
}

/** When who was to call. */
export type Schedule = readonly {
  readonly clientClass: string
  readonly member: number
  readonly dueSec: number
}[]

/** The instants at which calls of a recorded run were due, whatever became of them. */
export const readSchedule = (name: string, folder = recordingsFolder): Schedule =>
  rowsOf(folder, `${name}.samples.csv.gz`)
    // An issuer's call of the service follows from its token; Heat's new tokens from its restart.
    .filter((row) => row['op'] !== 'auth-trust' && (row['class'] !== 'issuers' || row['op'] === 'issue'))
    .map((row) => ({
      clientClass: row['class'] ?? '',
      member: Number(row['member']),
      dueSec: Number(row['due']),
    }))

/** When members of the recorded classes called for the first time: who they are, before anything happens to them. */
export const readFirstCalls = (
  name: string,
  folder = recordingsFolder,
): ReadonlyMap<string, readonly number[]> => {
  const first = new Map<string, number[]>()
  for (const { clientClass, member, dueSec } of readSchedule(name, folder)) {
    const ofClass = first.get(clientClass) ?? []
    ofClass[member] = Math.min(ofClass[member] ?? Infinity, dueSec)
    first.set(clientClass, ofClass)
  }
  return first
}

/** What of `NAME.json` is needed here. */
interface Settings {
  readonly timeline: readonly { readonly t: number; readonly what: string }[]
  /** What the middleware had in force, set or by default. */
  readonly service: { readonly effective: { readonly token_cache_time: number } }
}

/** One look of auth_token into its cache: when, when what lies there was put, and whether it was still good. */
interface Look {
  readonly sentSec: number
  readonly keptSec: number
  readonly hit: boolean
}

/** All looks before the switch; a call that has asked Keystone has found nothing good. */
const looksOf = (rows: readonly Readonly<Record<string, string>>[], switchSec: number): readonly Look[] => {
  const kept = new Map<string, number>()
  const looks: Look[] = []
  for (const row of rows) {
    const doneSec = Number(row['done'])
    if (row['op'] !== 'get' || row['class'] === 'issuers' || doneSec >= switchSec) continue
    const member = `${row['class']} ${row['member']}`
    const hit = row['service_to_keystone'] === ''
    const keptSec = kept.get(member)
    if (keptSec !== undefined) looks.push({ sentSec: Number(row['sent']), keptSec, hit })
    if (!hit) kept.set(member, doneSec)
  }
  return looks
}

/** Steps in which a second is searched. */
const offsetSteps = 1000

/**
 * How long after a whole second of the machine's clock the recording's second 0 was. It was not written down, but auth_token
 * counts in whole seconds, so which calls before the switch were answered from its cache tells it: the middle of what
 * contradicts the fewest of them.
 */
export const readOffsetSec = (name: string, folder = recordingsFolder): number => {
  const settings = JSON.parse(readFileSync(new URL(`${name}.json`, folder), 'utf8')) as Settings
  const switchSec = settings.timeline.find(({ what }) => what === 'switch')?.t ?? Infinity
  const cacheSec = settings.service.effective.token_cache_time
  const looks = looksOf(rowsOf(folder, `${name}.samples.csv.gz`), switchSec)
  const contradicted = Array.from({ length: offsetSteps }, (_, step) => {
    const offset = step / offsetSteps
    const good = ({ sentSec, keptSec }: Look): boolean =>
      sentSec + offset < Math.floor(keptSec + offset) + cacheSec
    return looks.filter((look) => good(look) !== look.hit).length
  })
  const fewest = Math.min(...contradicted)
  const steps = contradicted.flatMap((count, step) => (count === fewest ? [step] : []))
  // On a circle: as angles, their mean is the middle of an arc that may go over the end of the second.
  const turns = steps.map((step) => (2 * Math.PI * step) / offsetSteps)
  const sum = (part: (turn: number) => number): number => turns.reduce((all, turn) => all + part(turn), 0)
  return (Math.atan2(sum(Math.sin), sum(Math.cos)) / (2 * Math.PI) + 1) % 1
}

export const readRecorded = (name: string, folder = recordingsFolder): Observed => {
  const keystone = rowsOf(folder, `${name}.keystone.csv.gz`)
    .filter(({ op }) => op === 'validate' || op === 'issue')
    .map((row): Exchange => ({
      clientClass: row['caller'] ?? '',
      op: row['op'] === 'validate' ? 'validate' : 'issue',
      status: Number(row['status']),
      atSec: Number(row['start']),
    }))
  // Heat's new tokens at its restart are told by Keystone alone.
  const renewed = keystone.filter(
    ({ clientClass, op, atSec }) => clientClass === 'heat-like' && op === 'issue' && atSec >= 0,
  )
  const told = rowsOf(folder, `${name}.samples.csv.gz`).filter(({ op }) => op !== 'auth-trust')
  return { seen: [...told.flatMap(exchangesOf), ...renewed], keystone }
}
