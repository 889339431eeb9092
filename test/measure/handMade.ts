// Hand-made samples and records with known answers, for the tests of the measure layer.
// It exists so that a test states only what it is about.
import { micros } from '../../src/base/time.js'
import type {
  Count,
  EventLine,
  IntervalLine,
  RunEnd,
  RunHeader,
  RunRecord,
  TableLine,
} from '../../src/measure/record.js'
import type { Sample } from '../../src/measure/sample.js'

export const sampleOf = (more: Partial<Sample> = {}): Sample => ({
  clientClass: 'users',
  leg: 'client',
  op: 'call',
  outcome: 'ok',
  status: 200,
  cause: null,
  node: 0,
  format: null,
  waited: false,
  atSec: 0,
  due: micros(0),
  sent: micros(0),
  done: micros(0),
  ...more,
})

export const headerOf = (more: Partial<RunHeader> = {}): RunHeader => ({
  format: 'cutover/run@1',
  scenario: 'hand-made',
  description: '',
  seed: 7,
  world: 'simulated',
  store: 'memory',
  version: '0.0.0',
  machine: { cpus: 1, memoryBytes: 1, node: 'v20', platform: 'linux' },
  startedAt: '2026-01-01T00:00:00Z',
  command: 'cutover rehearse hand-made.yaml',
  scenarioText: '',
  durationSec: 3600,
  intervalSec: 10,
  clock: [{ untilSec: 3600, speed: 1, traffic: 1 }],
  classes: [
    { name: 'users', behaviour: 'password-session', members: 100, everySec: 60 },
    { name: 'heat', behaviour: 'heat-mitaka', members: 8, everySec: 60 },
  ],
  backends: 1,
  expirationSec: 86_400,
  gates: [],
  latenessLimitMs: 20,
  warmupSec: 0,
  ...more,
})

export const countOf = (n: number, more: Partial<Count> = {}): Count => ({
  clientClass: 'users',
  leg: 'client',
  op: 'call',
  outcome: 'ok',
  status: 200,
  cause: null,
  node: 0,
  ...more,
  n,
})

export const refusedOf = (n: number, more: Partial<Count> = {}): Count =>
  countOf(n, { outcome: 'rejected', status: 401, cause: 'uuid-on-fernet-node', ...more })

export const intervalOf = (
  fromSec: number,
  counts: readonly Count[],
  more: Partial<IntervalLine> = {},
): IntervalLine => ({
  kind: 'interval',
  fromSec,
  counts: counts.filter(({ n }) => n > 0),
  latency: {},
  lateness: null,
  ...more,
})

export const eventOf = (event: string, startedSec: number, more: Partial<EventLine> = {}): EventLine => ({
  kind: 'event',
  event,
  label: event,
  origin: 'scenario',
  dueSec: startedSec,
  startedSec,
  endedSec: startedSec + 1,
  ok: true,
  note: '',
  tookMs: 1000,
  ...more,
})

export const tableOf = (atSec: number, rows: number, bytes: number | null = null): TableLine => ({
  kind: 'table',
  atSec,
  rows,
  bytes,
})

export const endOf = (more: Partial<RunEnd> = {}): RunEnd => ({
  endedAt: '2026-01-01T01:00:00Z',
  wallSec: 3600,
  scenarioSec: 3600,
  interrupted: null,
  runHash: '00',
  latency: {},
  lateness: { p50Ms: 0.1, p99Ms: 1, maxMs: 2 },
  ...more,
})

export interface HandMade {
  readonly header?: Partial<RunHeader>
  /** What each interval of the run counts, by its start. */
  readonly counts?: (fromSec: number) => readonly Count[]
  readonly line?: (fromSec: number) => Partial<IntervalLine>
  readonly events?: readonly EventLine[]
  readonly table?: readonly TableLine[]
  /** Null: killed, and recorded only so far. */
  readonly end?: Partial<RunEnd> | null
  readonly recordedSec?: number
}

/** A record whose intervals are made by a function. */
export const recordOf = (made: HandMade = {}): RunRecord => {
  const header = headerOf(made.header)
  const until = made.recordedSec ?? header.durationSec
  const intervals: IntervalLine[] = []
  for (let i = 0; i * header.intervalSec < until; i++) {
    const fromSec = i * header.intervalSec
    intervals.push(intervalOf(fromSec, made.counts?.(fromSec) ?? [], made.line?.(fromSec)))
  }
  const end = made.end === null ? null : endOf({ scenarioSec: header.durationSec, ...made.end })
  return { header, intervals, table: made.table ?? [], events: made.events ?? [], end }
}
