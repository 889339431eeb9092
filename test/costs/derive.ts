// The shipped cost profiles, derived from what was measured: `npm run costs:derive` writes them into src/scenario/costs.
// It exists so that no number of a profile was typed; a test compares what is committed with what this derives.
import { readFileSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { gunzipSync } from 'node:zlib'
import { format, resolveConfig } from 'prettier'
import { fitTimes } from '../../src/plan/costFit.js'
import {
  hashMs,
  type CacheState,
  type CostProfile,
  type CostRow,
  type HashTime,
  type MeasuredPoint,
} from '../../src/scenario/costs/profile.js'
import type { PasswordHash, PasswordScheme } from '../../src/scenario/scenario.js'

/** A row of the measurement. */
export interface RecordedCost {
  readonly release: string
  readonly provider: 'uuid' | 'fernet'
  readonly cache: string
  readonly op: 'issue' | 'validate'
  readonly password_hash: string | null
  readonly concurrency: number
  readonly requests_per_s: number
  readonly p50_ms: number
  readonly p95_ms: number
  readonly p99_ms: number
  readonly statements: number
  readonly selects: number
  readonly inserts: number
  readonly other_load_cpu_s: number
}

export interface RecordedCosts {
  readonly about: string
  readonly password_hash_ms: Readonly<Record<string, number>>
  readonly rows: readonly RecordedCost[]
}

const vectors = new URL('../vectors/', import.meta.url)

export const readRecordedCosts = (): RecordedCosts =>
  JSON.parse(readFileSync(new URL('keystone-costs.json', vectors), 'utf8')) as RecordedCosts

/** Workers, and seconds and processor seconds of each row, as the measurement says of itself. */
const workers = 2
const rowSeconds = 20
const rowCoreSeconds = 40

const states: Readonly<Record<string, CacheState>> = {
  none: 'none',
  memcached: 'hit',
  // Facts come from memcached, tokens do not: what a token that is not in the cache costs.
  'memcached, token caching off': 'miss',
}

const hashOf = (text: string): PasswordHash => {
  const dash = text.lastIndexOf('-')
  return { scheme: text.slice(0, dash) as PasswordScheme, rounds: Number(text.slice(dash + 1)) }
}

const pointOf = (row: RecordedCost): MeasuredPoint => ({
  provider: row.provider,
  cache: states[row.cache] ?? 'none',
  op: row.op,
  passwordHash: row.password_hash === null ? null : hashOf(row.password_hash),
  concurrency: row.concurrency,
  perSec: row.requests_per_s,
  p50Ms: row.p50_ms,
  p95Ms: row.p95_ms,
  p99Ms: row.p99_ms,
  seconds: rowSeconds,
  otherLoad: row.other_load_cpu_s / rowCoreSeconds,
})

/** To four digits: more were not measured. */
const round = (value: number): number => Number(value.toPrecision(4))
const mean = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length
const median = (values: readonly number[]): number => {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] as number)
    : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2
}

/** Mean milliseconds by status of the validations that a recorded cutover's Keystone answered. */
const validationMs = (recording: string): Map<string, number> => {
  const text = gunzipSync(readFileSync(new URL(`cutovers/${recording}.keystone.csv.gz`, vectors))).toString(
    'utf8',
  )
  const times = new Map<string, number[]>()
  for (const line of text.trim().split('\n').slice(1)) {
    const [, ms, op, status = ''] = line.split(',')
    if (op === 'validate') times.set(status, [...(times.get(status) ?? []), Number(ms)])
  }
  return new Map([...times].map(([status, each]) => [status, mean(each)]))
}

/** How much of a validation one takes that is refused, by the recorded cutovers: Queens without a cache, Newton with one. */
const refusedShares = (): Readonly<Record<CacheState, NonNullable<CostRow['refused']>>> => {
  const share = (recording: string, status: string): number | null => {
    const ms = validationMs(recording)
    const [refused, good] = [ms.get(status), ms.get('200')]
    return refused === undefined || good === undefined ? null : round(refused / good)
  }
  const uncached = share('queens-nocache', '404') ?? 1
  const cached = share('newton-memcached', '404') ?? 1
  const hit = { notFound: cached, unauthorized: share('newton-memcached', '401') ?? cached }
  return {
    none: { notFound: uncached, unauthorized: share('queens-nocache', '401') ?? uncached },
    hit,
    miss: hit,
  }
}

const sameConfig = (a: Pick<CostRow, 'provider' | 'cache' | 'op'>, b: typeof a): boolean =>
  a.provider === b.provider && a.cache === b.cache && a.op === b.op

/** What is to be said of a row's points. */
const provenance = (points: readonly MeasuredPoint[], aloneFrom: string | null): string => {
  const disturbed = points.filter(({ otherLoad }) => otherLoad > 0.05).length
  return [
    `measured in ${points.length} closed loops`,
    ...(disturbed === 0
      ? []
      : [`${disturbed} of them while other programs used more than 5 % of the machine`]),
    ...(aloneFrom === null ? [] : [`the time alone ${aloneFrom}`]),
  ].join('; ')
}

const deriveRows = (
  recorded: readonly RecordedCost[],
  points: readonly MeasuredPoint[],
  passwordHashes: readonly HashTime[],
): readonly CostRow[] => {
  const shares = refusedShares()
  const hashes = { passwordHashes } as CostProfile
  const configs = points.filter((point, i) => points.findIndex((other) => sameConfig(point, other)) === i)
  const fits = configs.map(({ provider, cache, op }) => {
    const key = { provider, cache, op }
    const own = points.filter((point) => sameConfig(point, key))
    const fitted = fitTimes(
      own.map((point) => ({
        ...point,
        hashMs: point.passwordHash === null ? 0 : (hashMs(hashes, point.passwordHash) ?? 0),
      })),
      workers,
    )
    return { key, own, ...fitted }
  })
  return fits.map(({ key, own, alone, busy }) => {
    // Where no loop of one client was measured: as much longer or shorter than under load as a validation from the cache.
    const like = fits.find((other) =>
      sameConfig(other.key, { provider: key.provider, cache: 'hit', op: 'validate' }),
    )
    const ratio = (like?.alone?.p50Ms ?? 1) / (like?.busy[0]?.meanMs ?? 1)
    const times = alone ?? {
      p50Ms: (busy[0]?.meanMs ?? 0) * ratio,
      spread: like?.alone?.spread ?? 0,
    }
    const rows = recorded.filter((row) => sameConfig(pointOf(row), key))
    return {
      ...key,
      alone: { p50Ms: round(times.p50Ms), spread: round(times.spread) },
      busy: busy.map(({ inSystem, meanMs }) => ({ inSystem, meanMs: round(meanMs) })),
      statements: round(median(rows.map(({ statements }) => statements))),
      selects: round(median(rows.map(({ selects }) => selects))),
      inserts: round(median(rows.map(({ inserts }) => inserts))),
      ...(key.op === 'validate' ? { refused: shares[key.cache] } : {}),
      from: provenance(
        own,
        alone === null
          ? 'by the ratio that a validation from the cache has, as no loop of one client was measured'
          : null,
      ),
    }
  })
}

const names: Readonly<Record<string, string>> = {
  newton: 'Newton 10.0.3',
  queens: 'Queens 13.0.4',
  zed: 'Zed 22.0.2',
}

/** The profile of a release. */
export const deriveProfile = (
  release: string,
  recorded: RecordedCosts = readRecordedCosts(),
): CostProfile => {
  const own = recorded.rows.filter((row) => row.release === release)
  const passwordHashes = Object.entries(recorded.password_hash_ms).map(([name, ms]) => ({
    ...hashOf(name),
    ms,
  }))
  const points = own.map(pointOf)
  return {
    format: 'cutover/costs@1',
    name: release,
    about:
      `Keystone ${names[release]} on Python 3.11, 2 uwsgi processes of one thread on two cores that MariaDB 10.11, memcached 1.6 and the load ` +
      'shared; closed loops of 20 s without keep-alive, 20 subject tokens, a catalog of one service. Single runs: below 15 % is noise. ' +
      'A refused validation takes the share of a good one that recorded cutovers of Queens without and of Newton with a cache had; a 401 ' +
      'with a cache is taken as a 404, since none was recorded.',
    workers,
    passwordHashes,
    rows: deriveRows(own, points, passwordHashes),
    points,
  }
}

/** The source file of a profile, formatted as the project is. */
export const sourceOf = async (release: string): Promise<string> => {
  const file = fileOf(release)
  const text = `// The cost profile of Keystone ${names[release]}, as measured.
// Derived from test/vectors/keystone-costs.json by \`npm run costs:derive\`; not to be edited.
import type { CostProfile } from './profile.js'

export const ${release}: CostProfile = ${JSON.stringify(deriveProfile(release))}
`
  return format(text, { ...(await resolveConfig(file)), filepath: file })
}

export const fileOf = (release: string): string =>
  fileURLToPath(new URL(`../../src/scenario/costs/${release}.ts`, import.meta.url))

export const releases = ['newton', 'queens', 'zed'] as const

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  for (const release of releases) {
    writeFileSync(fileOf(release), await sourceOf(release))
    process.stderr.write(`${fileOf(release)}\n`)
  }
}
