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
