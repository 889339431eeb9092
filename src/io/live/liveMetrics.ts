// What Prometheus may ask of a run that goes on: the generator, what became of requests, the backends, the table.
// Everything comes from the lines of the record, so that a dashboard and the report cannot disagree.
import { Counter, Gauge, Registry } from 'prom-client'
import type { GeneratorLoad, RunHeader, SeriesLine } from '../../measure/record.js'
import type { ProviderMode } from '../../token/mode.js'

/** How the run stands between two lines of its record. */
export interface MetricsMoment {
  readonly nowSec: number
  /** Null where time jumps. */
  readonly speed: number | null
  /** Calls begun so far. */
  readonly calls: number
  /** Null where the generator takes no part in the run's time. */
  readonly generator: GeneratorLoad | null
  /** What the backends said of themselves; null: it is down, or hangs. */
  readonly backends: readonly {
    readonly node: number
    readonly said: {
      /** `validate 200` → how often since its process was started. */
      readonly answers: Readonly<Record<string, number>>
      readonly underWay: number
      readonly cpuSec: number
    } | null
  }[]
}

/** Format 0.0.4 of Prometheus' text; names and units by its conventions (prometheus.io/docs/practices/naming). */
export class LiveMetrics {
  private readonly registry = new Registry()
  private readonly modes = new Map<number, string>()
  private shed = 0

  private readonly scenarioTime = this.gauge(
    'scenario_time_seconds',
    'Scenario time since the start of the run.',
  )
  private readonly speed = this.gauge(
    'scenario_speed_ratio',
    'Scenario seconds in a real second: rates of the counters are per real second.',
  )
  private readonly due = this.counter('generator_due', 'Calls of clients that have become due: sent or shed.')
  private readonly sent = this.counter('generator_sent', 'Calls of clients that have been sent.')
  private readonly shedCalls = this.counter(
    'generator_shed',
    'Calls of clients that were due and never sent.',
  )
  private readonly lateness = this.gauge(
    'generator_lateness_seconds',
    'How much later than due requests were sent, in the last interval of the record; percentile 100 is the highest.',
    ['percentile'],
  )
  private readonly loopDelay = this.gauge(
    'generator_event_loop_delay_seconds',
    'How much later than asked the event loop of the generator came round, since the start; percentile 100 is the highest.',
    ['percentile'],
  )
  private readonly cpu = this.gauge(
    'generator_cpu_ratio',
    'Processor time of the generator as a share of one core, since the start.',
  )
  private readonly cpuWait = this.gauge(
    'generator_cpu_wait_ratio',
    'Share of the time in which the generator was ready to run and had no core, since the start.',
  )
  private readonly requests = this.counter('requests', 'Requests as clients saw them end.', [
    'class',
    'outcome',
  ])
  private readonly refusals = this.counter('refusals', 'Refused requests of clients by cause.', [
    'class',
    'cause',
  ])
  private readonly answers = this.counter(
    'backend_requests',
    'Requests that a backend answered; node 0: nobody did, status 0: no answer.',
    ['node', 'op', 'status'],
  )
  private readonly responses = this.gauge(
    'backend_response_seconds',
    'Response times of the backends since a request was due, in the last interval that has some; percentile 100 is the highest.',
    ['op', 'percentile'],
  )
  private readonly up = this.gauge(
    'server_up',
    'Whether the process of a backend answers: 1, or 0 while it is down or hangs.',
    ['node'],
  )
  private readonly served = this.counter(
    'server_requests',
    'Answers by the count of the backend that gave them, since its process was started; those before the run included.',
    ['node', 'op', 'status'],
  )
  private readonly underWay = this.gauge(
    'server_waiting_requests',
    'Requests that a backend has read and not answered yet.',
    ['node'],
  )
  private readonly serverCpu = this.counter(
    'server_cpu_seconds',
    'Processor time of a backend since its process was started.',
    ['node'],
  )
  private readonly provider = this.gauge('backend_provider_info', 'The token provider of a backend.', [
    'node',
    'mode',
  ])
  private readonly rows = this.gauge('token_table_rows', 'Rows of the table token at the last look.')
  private readonly uuidTokens = this.counter(
    'uuid_tokens_accepted',
    'Validations in which a backend accepted a UUID token.',
  )

  constructor(header: RunHeader, provider: ProviderMode) {
    const { scenario, world, store, version, backends, durationSec } = header
    this.gauge('run_info', 'What is being run.', ['scenario', 'world', 'store', 'version'])
      .labels({ scenario, world, store, version })
      .set(1)
    this.gauge('scenario_duration_seconds', 'Scenario time at which the run ends.').set(durationSec)
    for (let node = 1; node <= backends; node++) this.setMode(node, provider)
    // What was not measured yet, or never is in this world, is absent and not zero.
    for (const gauge of [this.speed, this.cpu, this.cpuWait, this.rows]) gauge.remove()
  }

  /** Counts a line of the record. */
  take(line: SeriesLine): void {
    if (line.kind === 'table') {
      this.rows.set(line.rows)
      return
    }
    if (line.kind === 'event') {
      if (line.node !== undefined && line.to !== undefined && line.ok) this.setMode(line.node, line.to)
      return
    }
    for (const { clientClass, leg, op, outcome, status, cause, node, n } of line.counts) {
      if (leg === 'keystone') this.answers.inc({ node, op, status }, n)
      else {
        this.requests.inc({ class: clientClass, outcome }, n)
        if (outcome === 'rejected')
          this.refusals.inc({ class: clientClass, cause: cause ?? 'unexplained' }, n)
        if (outcome === 'shed') this.shed += n
      }
    }
    const { lateness } = line
    if (lateness !== null) setPercentiles(this.lateness, {}, lateness)
    for (const [op, latency] of Object.entries(line.latency)) setPercentiles(this.responses, { op }, latency)
    this.uuidTokens.inc(line.uuidTokensSeen ?? 0)
  }

  /** Takes in how the run stands. */
  look({ nowSec, speed, calls, generator, backends }: MetricsMoment): void {
    this.scenarioTime.set(nowSec)
    if (speed !== null) this.speed.set(speed)
    raise(this.sent, calls)
    raise(this.shedCalls, this.shed)
    raise(this.due, calls + this.shed)
    this.hear(backends)
    if (generator === null) return
    const { cpuShare, cpuWaitShare, loopDelayP50Ms: p50Ms, loopDelayP99Ms: p99Ms } = generator
    setPercentiles(this.loopDelay, {}, { p50Ms, p99Ms, maxMs: generator.loopDelayMaxMs })
    this.cpu.set(cpuShare)
    if (cpuWaitShare !== null) this.cpuWait.set(cpuWaitShare)
  }

  /** Takes in the backends' own counts. One that was started anew begins at 0, as Prometheus expects of a counter. */
  private hear(backends: MetricsMoment['backends']): void {
    if (backends.length === 0) return
    for (const metric of [this.up, this.served, this.underWay, this.serverCpu]) metric.reset()
    for (const { node, said } of backends) {
      this.up.set({ node }, said === null ? 0 : 1)
      if (said === null) continue
      this.underWay.set({ node }, said.underWay)
      this.serverCpu.inc({ node }, said.cpuSec)
      for (const [answer, count] of Object.entries(said.answers)) {
        const [op = '', status = ''] = answer.split(' ')
        this.served.inc({ node, op, status }, count)
      }
    }
  }

  text(): Promise<string> {
    return this.registry.metrics()
  }

  private setMode(node: number, mode: string): void {
    const before = this.modes.get(node)
    if (before !== undefined) this.provider.remove({ node, mode: before })
    this.modes.set(node, mode)
    this.provider.set({ node, mode }, 1)
  }

  private gauge<Label extends string = never>(
    name: string,
    help: string,
    labelNames: Label[] = [],
  ): Gauge<Label> {
    return new Gauge({ name: `cutover_${name}`, help, labelNames, registers: [this.registry] })
  }

  private counter<Label extends string = never>(
    name: string,
    help: string,
    labelNames: Label[] = [],
  ): Counter<Label> {
    return new Counter({ name: `cutover_${name}_total`, help, labelNames, registers: [this.registry] })
  }
}

/** Milliseconds of a record as seconds, for the percentiles that it has. */
const setPercentiles = <Label extends string>(
  gauge: Gauge<Label | 'percentile'>,
  labels: Readonly<Record<Exclude<Label, 'percentile'>, string>>,
  { p50Ms, p99Ms, maxMs }: { readonly p50Ms: number; readonly p99Ms: number; readonly maxMs: number },
): void => {
  for (const [percentile, ms] of [
    ['50', p50Ms],
    ['99', p99Ms],
    ['100', maxMs],
  ] as const)
    gauge.set(
      { ...labels, percentile } as Partial<Record<Label | 'percentile', string>>,
      Math.round(ms * 1000) / 1e6,
    )
}

/** Sets a counter to a sum that is counted elsewhere and never falls. */
const raise = (counter: Counter<never>, to: number): void => {
  counter.reset()
  counter.inc(to)
}
