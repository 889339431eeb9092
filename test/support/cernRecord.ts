// A run's record in the shape of CERN's cutover, made from a seed without running anything.
// It gives the renderers what a real run would: two peaks of refusals, a table that falls in steps, gaps, a time-lapse.
import { Random } from '../../src/base/random.js'
import type { Stretch } from '../../src/base/time.js'
import type {
  Count,
  EventLine,
  IntervalLine,
  OpLatency,
  RunHeader,
  RunRecord,
  TableLine,
} from '../../src/measure/record.js'
import type { Cause, Leg, Op, Outcome } from '../../src/measure/sample.js'

export interface CernShape {
  readonly seed?: number
  /** Scenario seconds that the record covers; a shorter one is that of a killed run. */
  readonly coveredSec?: number
  readonly intervalSec?: number
  readonly name?: string
  readonly withEnd?: boolean
  readonly clock?: readonly Stretch[]
  readonly gates?: readonly string[]
}

const cutoverSec = 1800
const restartSec = 3300
const expirationSec = 86_400
const durationSec = 93_600

const classes = [
  { name: 'users', behaviour: 'password-session', members: 2500, everySec: 1200 },
  { name: 'scripts', behaviour: 'saved-token-script', members: 12, everySec: 300 },
  { name: 'heat', behaviour: 'heat-mitaka', members: 24, everySec: 60 },
  { name: 'magnum', behaviour: 'magnum', members: 30, everySec: 120 },
] as const

export const cernHeader = (shape: CernShape = {}): RunHeader => ({
  format: 'cutover/run@1',
  scenario: shape.name ?? 'cern-2017',
  description: 'The night of April 2017: 300,000 UUID tokens, four backends switched one after another.',
  seed: shape.seed ?? 1,
  world: 'local',
  store: 'sqlite',
  version: '0.1.0',
  machine: { cpus: 2, memoryBytes: 8_589_934_592, node: 'v20.20.0', platform: 'linux x64' },
  startedAt: '2025-11-20T09:00:00.000Z',
  command: 'cutover rehearse scenarios/cern-2017.yaml --seed 1 --store sqlite',
  scenarioText: `name: ${shape.name ?? 'cern-2017'}\nseed: 1\ntimeline:\n  - { at: 30m, cutover: { to: fernet } }\n`,
  durationSec,
  intervalSec: shape.intervalSec ?? 10,
  clock: shape.clock ?? [
    { untilSec: 5400, speed: 60, traffic: 1 },
    { untilSec: durationSec, speed: 1440, traffic: 0.02 },
  ],
  classes: [...classes],
  backends: 4,
  expirationSec,
  maxActiveKeys: 6,
  gates: shape.gates ?? ['rows(at=end) == 0', 'rejected(class=users) < 3000'],
  latenessLimitMs: 20,
  warmupSec: 300,
})

/** Members that still use a token of the old kind so long after the switch, as a share of all. */
const staleShare: Readonly<Record<(typeof classes)[number]['name'], (sinceSec: number) => number>> = {
  users: (since) => Math.exp(-since / 420) * (since < 1500 ? 1 : 0),
  scripts: (since) => (since < 2400 ? 1 : 0.25),
  heat: (since) => (cutoverSec + since < restartSec ? Math.min(1, since / 200) : 0),
  magnum: (since) => (since < expirationSec / 40 ? 0.3 : 0),
}

/** Whole numbers with a given mean, by counting exponential gaps. */
const poisson = (random: Random, mean: number): number => {
  let n = 0
  for (let at = random.exponential(1); at < mean; at += random.exponential(1)) n++
  return n
}

function intervalAt(fromSec: number, intervalSec: number, traffic: number, random: Random): IntervalLine {
  const counts: Count[] = []
  const add = (
    [clientClass, leg, op]: readonly [string, Leg, Op],
    [outcome, status, cause]: readonly [Outcome, number, Cause | null],
    n: number,
  ): void => {
    if (n > 0) counts.push({ clientClass, leg, op, outcome, status, cause, node: 1 + random.int(4), n })
  }
  const since = fromSec - cutoverSec
  for (const each of classes) {
    const calls = poisson(random, (traffic * each.members * intervalSec) / each.everySec)
    const share = since < 0 ? 0 : staleShare[each.name](since) * Math.min(1, (since + intervalSec) / 90)
    const refused = Math.min(calls, poisson(random, calls * share))
    const early = since >= 0 && since < 90 && refused > 3 ? 1 : 0
    const own = [each.name, 'client', 'call'] as const
    add(own, ['rejected', 401, 'uuid-on-fernet-node'], refused - early)
    add(own, ['rejected', 401, 'fernet-on-uuid-node'], early)
    add(own, ['ok', 200, null], calls - refused)
    const atKeystone = [each.name, 'keystone', 'validate'] as const
    add(atKeystone, ['ok', 200, null], calls - refused)
    add(atKeystone, ['rejected', 404, 'uuid-on-fernet-node'], refused)
  }
  const validated = counts.filter(({ leg }) => leg === 'keystone').reduce((sum, { n }) => sum + n, 0)
  const issued = poisson(random, traffic * (since > 0 ? 0.4 + 2 * Math.exp(-since / 420) : 0.4) * intervalSec)
  add(['users', 'keystone', 'issue'], ['ok', 201, null], issued)
  const latency = (n: number, base: number): OpLatency => {
    const storm = since >= 0 && since < 300 ? 1 + 2 * Math.exp(-since / 80) : 1
    const p50Ms = base * storm * (0.9 + 0.2 * random.unit())
    const p99Ms = p50Ms * (2.2 + 1.5 * random.unit())
    return { n, p50Ms, p95Ms: p50Ms * 1.8, p99Ms, maxMs: p99Ms * 1.3 }
  }
  return {
    kind: 'interval',
    fromSec,
    counts,
    latency: {
      ...(validated > 0 ? { validate: latency(validated, since < 0 ? 4.1 : 2.6) } : {}),
      ...(issued > 0 ? { issue: latency(issued, since < 0 ? 11.5 : 8.2) } : {}),
    },
    lateness: validated > 0 ? { n: validated, p50Ms: 0.02, p99Ms: 1.4, maxMs: 6 } : null,
  }
}

function eventLine(atSec: number, tookSec: number, more: Partial<EventLine> & { event: string }): EventLine {
  return {
    kind: 'event',
    label: more.event,
    origin: 'scenario',
    dueSec: atSec,
    startedSec: atSec + 0.2,
    endedSec: atSec + 0.2 + tookSec,
    ok: true,
    note: '',
    tookMs: tookSec * 16.7,
    ...more,
  }
}

function eventsUntil(coveredSec: number): EventLine[] {
  const events: EventLine[] = []
  for (let node = 1; node <= 4; node++) {
    const event = `cutover node ${node}`
    const label = `backend ${node} to fernet`
    events.push(eventLine(cutoverSec + (node - 1) * 30, 1, { event, label, node, to: 'fernet' }))
  }
  events.push(eventLine(cutoverSec, 92, { event: 'cutover', label: 'cutover to fernet', to: 'fernet' }))
  events.push(eventLine(restartSec, 3, { event: 'restart', label: 'restart heat', target: 'heat' }))
  for (let at = 3600; at < durationSec; at += 3600) {
    events.push(
      eventLine(at, 4, {
        event: 'flush',
        origin: 'clock',
        label: 'token_flush',
        note: `${12_480 + at} rows deleted`,
      }),
    )
  }
  for (let at = 21_600; at < durationSec; at += 21_600) {
    events.push(eventLine(at, 1, { event: 'keys.rotate', origin: 'clock', label: 'rotate keys' }))
  }
  return events
    .filter(({ startedSec }) => startedSec < coveredSec)
    .sort((a, b) => a.startedSec - b.startedSec)
}

function tableUntil(coveredSec: number): TableLine[] {
  const lines: TableLine[] = []
  const rowsAt = (atSec: number): number => {
    const grown = 300_000 + Math.min(atSec, cutoverSec) * 0.9
    const flushedUntil = Math.floor(atSec / 3600) * 3600
    return Math.max(
      0,
      Math.round(grown * Math.max(0, 1 - Math.max(0, flushedUntil) / (expirationSec + 3600))),
    )
  }
  for (let atSec = 0; atSec <= coveredSec; atSec += 60) {
    lines.push({
      kind: 'table',
      atSec,
      rows: rowsAt(atSec),
      bytes: atSec % 3600 === 0 ? rowsAt(atSec) * 4300 : null,
    })
  }
  return lines
}

const windowOf = (
  count: number,
  p50Ms: number,
): { count: number; p50Ms: number; p95Ms: number; p99Ms: number; maxMs: number } => ({
  count,
  p50Ms,
  p95Ms: p50Ms * 1.9,
  p99Ms: p50Ms * 3.1,
  maxMs: p50Ms * 5,
})

/** The record of a run in CERN's shape, or of the part of it that was written before it was killed. */
export function cernRecord(shape: CernShape = {}): RunRecord {
  const header = cernHeader(shape)
  const coveredSec = shape.coveredSec ?? durationSec
  const random = new Random(header.seed, 'cern-record')
  const intervals: IntervalLine[] = []
  for (let fromSec = 0; fromSec + header.intervalSec <= coveredSec; fromSec += header.intervalSec) {
    const stretch = header.clock.find(({ untilSec }) => fromSec < untilSec)
    intervals.push(intervalAt(fromSec, header.intervalSec, stretch?.traffic ?? 1, random))
  }
  const withEnd = shape.withEnd ?? coveredSec === durationSec
  return {
    header,
    intervals,
    table: tableUntil(coveredSec),
    events: eventsUntil(coveredSec),
    end: withEnd
      ? {
          endedAt: '2025-11-20T09:02:32.000Z',
          wallSec: 152,
          scenarioSec: coveredSec,
          interrupted: null,
          runHash: '5f'.repeat(32),
          latency: {
            validate: {
              before: windowOf(5120, 4.1),
              after: windowOf(9800, 2.6),
              timeLapse: windowOf(3300, 2.9),
            },
            issue: { before: windowOf(640, 11.5), after: windowOf(2800, 8.2), timeLapse: windowOf(700, 8.8) },
          },
          lateness: { p50Ms: 0.02, p99Ms: 1.4, maxMs: 12 },
        }
      : null,
  }
}

/** A run that was killed after a second: a header, the size of the table, nothing else. */
export const emptyRecord = (): RunRecord => ({
  header: cernHeader(),
  intervals: [],
  table: [{ kind: 'table', atSec: 0, rows: 300_000, bytes: null }],
  events: [],
  end: null,
})
