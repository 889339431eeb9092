// The language of gates: from `rejected(class=heat, window=cutover..+120s) < 5` to plain data, or to what is wrong with it.
// Gates are checked before a run starts, so that hours of rehearsal never end in a misspelt word.
import type { Problem } from '../base/errors.js'
import { nearest } from '../base/nearest.js'
import { bareOffsetSec, closingBracket, durationSec, splitArgs, trimmed, type Piece } from './gateText.js'
import type { Cause, Op, Outcome } from './sample.js'
import { causes, ops } from './tally.js'

export type Comparison = '==' | '!=' | '<' | '<=' | '>' | '>='

/** A point of a run: seconds after its start, its first switch, its planned end, or the first restart of a target. */
export interface Instant {
  readonly anchor: 'start' | 'cutover' | 'end' | { readonly restartOf: string }
  readonly offsetSec: number
}

/** A part of a run. `before`, `after` and `all` are as in `windows.ts`; the rest is from one instant to another. */
export type GateWindow = 'before' | 'after' | 'all' | { readonly from: Instant; readonly to: Instant }

/** What a gate looks at. */
export type Metric =
  | { readonly kind: 'rows'; readonly at: Instant }
  | {
      readonly kind: 'count' | 'ratio'
      readonly outcome: Outcome | null
      readonly clientClass: string | null
      readonly cause: Cause | null
      readonly window: GateWindow
    }
  | {
      readonly kind: 'response'
      readonly quantile: 'p50' | 'p95' | 'p99' | 'max'
      readonly op: Op
      readonly window: GateWindow
    }
  | { readonly kind: 'outage'; readonly clientClass: string | null; readonly window: GateWindow }
  | { readonly kind: 'uuid-seen' | 'disagreements'; readonly window: GateWindow }
  | { readonly kind: 'downtime' | 'recovery'; readonly fault: string | null }
  | { readonly kind: 'degradation'; readonly fault: string | null; readonly op: Op }

/** The unit of what is observed and of the limit; empty for a gate that cannot be read. */
export type GateUnit = 'rows' | 'requests' | 'tokens' | '%' | 'ms' | 's' | ''

export interface Gate {
  readonly text: string
  readonly metric: Metric
  readonly comparison: Comparison
  /** A number in the gate's unit, or so many times what the same metric was in the window `before`. */
  readonly limit: number | { readonly timesBefore: number }
  readonly unit: GateUnit
}

/** The names that a gate may use; absent: any name is taken. */
export interface GateNames {
  readonly classes?: readonly string[]
  /** What the timeline restarts. */
  readonly restarts?: readonly string[]
  /** Kinds of the faults that the timeline brings about. */
  readonly faults?: readonly string[]
  /** Length of the run, scenario seconds; null where it is not known. */
  readonly durationSec?: number | null
}

export type ParsedGate =
  { readonly ok: true; readonly gate: Gate } | { readonly ok: false; readonly problems: readonly Problem[] }

interface MetricForm {
  readonly unit: GateUnit
  readonly options: readonly string[]
  readonly example: string
}

const counting = (example: string): MetricForm => ({
  unit: 'requests',
  options: ['class', 'window'],
  example,
})
const quantile = (name: string): MetricForm => ({
  unit: 'ms',
  options: ['op', 'window'],
  example: `${name}(response, op=validate, window=after) <= 1.2 * before`,
})

/** Every metric: its unit, what it takes, and how it is written. */
const forms: Readonly<Record<string, MetricForm>> = {
  rows: { unit: 'rows', options: ['at'], example: 'rows(at=end) == 0' },
  requests: counting('requests(window=all) > 1000'),
  rejected: {
    unit: 'requests',
    options: ['class', 'cause', 'window'],
    example: 'rejected(class=users, window=cutover..+120s) < 500',
  },
  rejected_ratio: {
    unit: '%',
    options: ['class', 'cause', 'window'],
    example: 'rejected_ratio(class=users, window=after) < 0.5%',
  },
  failed: counting('failed(class=users) == 0'),
  timeout: counting('timeout(class=users) == 0'),
  shed: counting('shed() == 0'),
  p50: quantile('p50'),
  p95: quantile('p95'),
  p99: quantile('p99'),
  max: quantile('max'),
  outage: { unit: 's', options: ['class', 'window'], example: 'outage(class=heat) < 60s' },
  downtime: { unit: 's', options: ['fault'], example: 'downtime(fault=backend-killed) < 2s' },
  recovery: { unit: 's', options: ['fault'], example: 'recovery(fault=backend-killed) < 1m30s' },
  degradation: {
    unit: '%',
    options: ['fault', 'op'],
    example: 'degradation(fault=database-slow, op=validate) <= 20%',
  },
  disagreements: { unit: 'requests', options: ['window'], example: 'disagreements() == 0' },
  uuid_seen: { unit: 'tokens', options: ['window'], example: 'uuid_seen(window=end-1h..end) == 0' },
}

/** What was done, by what somebody does. */
const participles: Readonly<Record<string, string>> = {
  kill: 'killed',
  hang: 'hung',
  restart: 'restarted',
  stop: 'stopped',
  slow: 'slow',
  flush: 'flushed',
}

const causeNames = causes.filter((cause) => cause !== null)
const keystoneOps = ops.filter((op) => op !== 'call')
const durationForm = 'a number with ms, s, m, h, d or w, such as 120s or 2h30m'
const windowForm =
  'before, after, all, or A..B with A and B made of start, cutover, end, restart(heat), 30m, and +120s or -5m'

/** Collects problems while one gate is read. */
class GateReader {
  readonly problems: Problem[] = []
  private readonly names: GateNames

  constructor(names: GateNames) {
    this.names = names
  }

  problem(at: Piece, message: string, remedy: string): null {
    this.problems.push({ column: at.column, message, remedy })
    return null
  }

  /** A word that must be one of some; the nearest is offered. */
  word<T extends string>(at: Piece, known: readonly T[], what: string): T | null {
    const found = known.find((each) => each === at.text)
    if (found !== undefined) return found
    const near = nearest(at.text, known)
    const choice = known.length === 0 ? 'there is none' : `one of ${known.join(', ')}`
    const remedy = near === null ? choice : `did you mean ${near}?`
    return this.problem(at, `${what} ${quoted(at.text)} is not known`, remedy)
  }

  name(at: Piece, known: readonly string[] | undefined, what: string): string | null {
    if (at.text === '') return this.problem(at, `the name of a ${what} is missing`, `write ${what}=NAME`)
    return known === undefined ? at.text : this.word(at, known, what)
  }

  readMetric(name: Piece, form: MetricForm, args: readonly Piece[]): Metric | null {
    const options = new Map<string, Piece>()
    let positional: Piece | null = null
    for (const arg of args) {
      const equals = arg.text.indexOf('=')
      if (equals === -1) {
        if (positional !== null || !isQuantile(name.text))
          this.problem(arg, `${quoted(arg.text)} has no name`, `such as ${form.example}`)
        positional = arg
        continue
      }
      const key = this.word(trimmed(arg.text.slice(0, equals), arg.column), form.options, 'option')
      const value = trimmed(arg.text.slice(equals + 1), arg.column + equals + 1)
      if (key === null) continue
      if (options.has(key)) this.problem(arg, `${key} is given twice`, 'leave one out')
      options.set(key, value)
    }
    const take = <T>(key: string, read: (value: Piece) => T | null, absent: T): T | null => {
      const value = options.get(key)
      return value === undefined ? absent : read(value)
    }
    const window = take<GateWindow>('window', (value) => this.readWindow(value), 'all')
    const clientClass = take<string | null>(
      'class',
      (value) => this.name(value, this.names.classes, 'class'),
      null,
    )
    const cause = take<Cause | null>('cause', (value) => this.word(value, causeNames, 'cause'), null)
    if (name.text === 'rows') {
      const at = options.get('at')
      if (at === undefined) return this.problem(name, 'rows needs an instant', `such as ${form.example}`)
      const instant = this.readInstant(at)
      return instant === null ? null : { kind: 'rows', at: instant }
    }
    const readOp = (): Op | null => {
      const op = options.get('op')
      if (op === undefined)
        return this.problem(name, `${name.text} needs an operation`, `such as ${form.example}`)
      return this.word(op, keystoneOps, 'operation')
    }
    const fault = take<string | null>('fault', (value) => this.readFault(value), null)
    if (name.text === 'downtime' || name.text === 'recovery') return { kind: name.text, fault }
    if (name.text === 'degradation') {
      const op = readOp()
      return op === null ? null : { kind: 'degradation', fault, op }
    }
    if (window === null) return null
    if (isQuantile(name.text)) {
      if (positional?.text !== 'response')
        this.problem(positional ?? name, `${name.text} needs to know of what`, `such as ${form.example}`)
      const op = readOp()
      return op === null ? null : { kind: 'response', quantile: name.text, op, window }
    }
    if (name.text === 'outage') return { kind: 'outage', clientClass, window }
    if (name.text === 'uuid_seen') return { kind: 'uuid-seen', window }
    if (name.text === 'disagreements') return { kind: 'disagreements', window }
    const kind = form.unit === '%' ? 'ratio' : 'count'
    const outcome = name.text === 'requests' ? null : ((kind === 'ratio' ? 'rejected' : name.text) as Outcome)
    return { kind, outcome, clientClass, cause, window }
  }

  /** A kind of fault; what somebody does to bring it about (`kill-backend`) is taken for it. */
  private readFault(at: Piece): string | null {
    const [, verb = '', what = ''] = /^([a-z]+)-(.+)$/.exec(at.text) ?? []
    const done = participles[verb]
    return this.name(
      { ...at, text: done === undefined ? at.text : `${what}-${done}` },
      this.names.faults,
      'fault',
    )
  }

  readWindow(at: Piece): GateWindow | null {
    if (at.text === 'before' || at.text === 'after' || at.text === 'all') return at.text
    const dots = at.text.indexOf('..')
    if (dots === -1) return this.problem(at, `${quoted(at.text)} is no window`, windowForm)
    const left = trimmed(at.text.slice(0, dots), at.column)
    const right = trimmed(at.text.slice(dots + 2), at.column + dots + 2)
    const leftOffset = bareOffsetSec(left.text)
    const rightOffset = bareOffsetSec(right.text)
    if (leftOffset !== null && rightOffset !== null)
      return this.problem(at, 'both ends of the window are offsets', 'name an instant on one side')
    const from = leftOffset === null ? this.readInstant(left) : null
    const to = rightOffset === null ? this.readInstant(right) : null
    // An offset that stands alone counts from the other end.
    if (leftOffset !== null && to !== null)
      return this.checked(at, { ...to, offsetSec: to.offsetSec + leftOffset }, to)
    if (rightOffset !== null && from !== null)
      return this.checked(at, from, { ...from, offsetSec: from.offsetSec + rightOffset })
    return from === null || to === null ? null : this.checked(at, from, to)
  }

  private checked(at: Piece, from: Instant, to: Instant): GateWindow | null {
    if (from.anchor === to.anchor && from.offsetSec >= to.offsetSec)
      return this.problem(at, 'the window ends before it begins', 'turn its ends round')
    return { from, to }
  }

  readInstant(at: Piece): Instant | null {
    const [, head = '', offset = ''] = /^(.*?)\s*([+-]\s*(?:[\d.]+\s*[a-z]+)+)?$/.exec(at.text) ?? []
    const offsetSec = offset === '' ? 0 : bareOffsetSec(offset)
    if (offsetSec === null) return this.problem(at, `${quoted(offset)} is no offset`, durationForm)
    const absolute = durationSec(head)
    if (absolute !== null) {
      const most = this.names.durationSec ?? Infinity
      if (absolute + offsetSec > most)
        return this.problem(at, `${quoted(at.text)} lies beyond the end of the run`, `at most ${most}s`)
      return { anchor: 'start', offsetSec: absolute + offsetSec }
    }
    const restart = /^restart\((.*)\)$/.exec(head)
    if (restart !== null) {
      const target = trimmed(restart[1] ?? '', at.column + 'restart('.length)
      const restartOf = this.name(target, this.names.restarts, 'restart')
      return restartOf === null ? null : { anchor: { restartOf }, offsetSec }
    }
    const anchor = this.word({ ...at, text: head }, ['start', 'cutover', 'end'], 'instant')
    return anchor === null ? null : { anchor, offsetSec }
  }

  readLimit(at: Piece, metric: Metric | null, form: MetricForm): Gate['limit'] | null {
    const times = /^(?:([\d._]+)\s*\*\s*)?before(?:\s*\*\s*([\d._]+))?$/.exec(at.text)
    if (times !== null) {
      if (metric !== null && metric.kind !== 'response' && metric.kind !== 'ratio')
        return this.problem(
          at,
          'before compares only response times and ratios',
          'a count depends on how long its window is',
        )
      return { timesBefore: Number((times[1] ?? '1').replaceAll('_', '')) * Number(times[2] ?? '1') }
    }
    const plain = at.text.replaceAll('_', '')
    if (form.unit === 'ms' || form.unit === 's') {
      const seconds = durationSec(plain)
      if (seconds === null) return this.problem(at, `${quoted(at.text)} is no duration`, durationForm)
      return form.unit === 'ms' ? seconds * 1000 : seconds
    }
    const [, digits = '', suffix = ''] = /^([\d.]+)\s*([a-z%]*)$/.exec(plain) ?? []
    const value = digits === '' ? NaN : Number(digits)
    if (!Number.isFinite(value))
      return this.problem(at, `${quoted(at.text)} is no limit`, `such as ${form.example}`)
    return this.inUnit(at, value, suffix, form.unit)
  }

  private inUnit(at: Piece, value: number, suffix: string, unit: GateUnit): number | null {
    if (unit === '%') {
      if (suffix === '%') return value
      if (suffix === '' && value <= 1) return value * 100
      return this.problem(
        at,
        `${quoted(at.text)} is no ratio`,
        'a percentage such as 0.5%, or a number from 0 to 1',
      )
    }
    return suffix === ''
      ? value
      : this.problem(at, `${quoted(at.text)} is no number of ${unit}`, 'a number without a unit')
  }
}

const quoted = (text: string): string => `"${text}"`

const isQuantile = (name: string): name is 'p50' | 'p95' | 'p99' | 'max' =>
  ['p50', 'p95', 'p99', 'max'].includes(name)

/** Reads one gate. Columns in the problems count from 1 in its text. */
export const parseGate = (text: string, names: GateNames = {}): ParsedGate => {
  const reader = new GateReader(names)
  const failed = (): ParsedGate => {
    const problems = reader.problems.sort((a, b) => (a.column ?? 0) - (b.column ?? 0))
    return { ok: false, problems }
  }
  const call = /^(\s*)([A-Za-z_]\w*)\s*\(/.exec(text)
  if (call === null) {
    reader.problem(
      trimmed(text, 1),
      'a gate begins with a metric and its options in brackets',
      'such as rows(at=end) == 0',
    )
    return failed()
  }
  const name: Piece = { text: call[2] ?? '', column: (call[1] ?? '').length + 1 }
  const inside = call[0].length
  const close = closingBracket(text, inside)
  if (close === -1) {
    reader.problem({ text, column: text.length + 1 }, 'a bracket is not closed', 'add )')
    return failed()
  }
  const metricName = reader.word(name, Object.keys(forms), 'metric')
  const form = metricName === null ? undefined : forms[metricName]
  const rest = trimmed(text.slice(close + 1), close + 2)
  const comparison = /^(==|!=|<=|>=|<|>)/.exec(rest.text)?.[1] as Comparison | undefined
  if (comparison === undefined)
    reader.problem(rest, 'a comparison is missing after the metric', 'one of ==, !=, <, <=, >, >=')
  if (form === undefined) return failed()
  const metric = reader.readMetric(name, form, splitArgs(text.slice(inside, close), inside + 1))
  if (comparison === undefined) return failed()
  const limit = reader.readLimit(
    trimmed(rest.text.slice(comparison.length), rest.column + comparison.length),
    metric,
    form,
  )
  if (metric === null || limit === null || reader.problems.length > 0) return failed()
  return { ok: true, gate: { text: text.trim(), metric, comparison, limit, unit: form.unit } }
}

/** What is wrong with the text of a gate; nothing if it can be judged. */
export const checkGate = (text: string, names: GateNames = {}): readonly Problem[] => {
  const parsed = parseGate(text, names)
  return parsed.ok ? [] : parsed.problems
}
