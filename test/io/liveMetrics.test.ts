// What Prometheus is told of a run: the text by the rules of its format, the names by its conventions, the figures by the record.
// The reader here follows the format's description (prometheus.io, "Exposition formats", text 0.0.4) and forgives nothing.
import { beforeAll, describe, expect, test } from '@jest/globals'
import { LiveMetrics } from '../../src/io/live/liveMetrics.js'
import { summarise } from '../../src/measure/summary.js'
import { cernRecord } from '../support/cernRecord.js'

interface Metric {
  readonly type: string
  readonly help: string
  readonly samples: Map<string, number>
}

const metricName = /^[a-zA-Z_:][a-zA-Z0-9_:]*$/
const sampleLine = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})? (\S+)$/
const label = /^([a-zA-Z_][a-zA-Z0-9_]*)="((?:[^"\\\n]|\\\\|\\"|\\n)*)"(?:,|$)/

const readLabels = (text: string): Record<string, string> => {
  const labels: Record<string, string> = {}
  let rest = text
  while (rest !== '') {
    const found = label.exec(rest)
    if (found === null) throw new Error(`no label: ${rest}`)
    const [whole, name = '', value = ''] = found
    if (name in labels) throw new Error(`label ${name} twice`)
    labels[name] = value.replace(/\\(.)/g, (_all, letter: string) => (letter === 'n' ? '\n' : letter))
    rest = rest.slice(whole.length)
  }
  return labels
}

/** Each metric of the text; its samples by their labels, as JSON in the order of their names. */
const readText = (text: string): Map<string, Metric> => {
  if (!text.endsWith('\n')) throw new Error('the last line has no line feed')
  const metrics = new Map<string, { type: string; help: string; samples: Map<string, number> }>()
  let current = ''
  for (const line of text.split('\n')) {
    if (line === '') continue
    const [, kind, name = '', words = ''] = /^# (HELP|TYPE) (\S+) (.+)$/.exec(line) ?? []
    if (kind === 'HELP') {
      if (!metricName.test(name) || metrics.has(name)) throw new Error(`a name wrong or twice: ${line}`)
      metrics.set(name, { type: '', help: words, samples: new Map() })
      current = name
      continue
    }
    const metric = metrics.get(current)
    if (metric === undefined) throw new Error(`before any metric: ${line}`)
    if (kind === 'TYPE') {
      if (name !== current || metric.type !== '' || metric.samples.size > 0)
        throw new Error(`misplaced: ${line}`)
      if (!['counter', 'gauge'].includes(words)) throw new Error(`not of a type that is used here: ${line}`)
      metric.type = words
      continue
    }
    const [, of = '', labels = '', value = ''] = sampleLine.exec(line) ?? []
    if (of !== current || metric.type === '') throw new Error(`no sample of ${current}: ${line}`)
    if (!Number.isFinite(Number(value))) throw new Error(`no figure: ${line}`)
    const key = JSON.stringify(Object.entries(readLabels(labels)).sort(([a], [b]) => (a < b ? -1 : 1)))
    if (metric.samples.has(key)) throw new Error(`twice: ${line}`)
    metric.samples.set(key, Number(value))
  }
  return metrics
}

const name = 'cern "2017" \\ \n'
const record = cernRecord({ name })
const summary = summarise(record)
let metrics: Map<string, Metric>

/** Sums of a metric by one of its labels. */
const sums = (metric: string, by: string): Record<string, number> => {
  const found: Record<string, number> = {}
  for (const [key, value] of metrics.get(metric)?.samples ?? []) {
    const group = Object.fromEntries(JSON.parse(key) as [string, string][])[by] ?? ''
    found[group] = (found[group] ?? 0) + value
  }
  return found
}

const figure = (metric: string): number | undefined => metrics.get(metric)?.samples.get('[]')

const nonZero = (counts: Readonly<Record<string, number>>): Record<string, number> =>
  Object.fromEntries(Object.entries(counts).filter(([, n]) => n > 0))

beforeAll(async () => {
  const live = new LiveMetrics(record.header, 'uuid')
  for (const line of [...record.events, ...record.table, ...record.intervals]) live.take(line)
  const said = { answers: { 'validate 200': 7, 'validate 404': 3, 'issue 201': 2 }, underWay: 4, cpuSec: 1.5 }
  const backends = [
    { node: 1, said },
    { node: 2, said: { ...said, answers: { 'validate 200': 1 } } },
    { node: 3, said: null },
  ]
  const moment = { nowSec: 93_000, speed: 1440, calls: 1234, backends }
  // Node 2 was started anew between two looks, so its counts are lower than they were.
  const before = [{ node: 2, said: { ...said, answers: { 'validate 200': 50, 'revoke 204': 1 } } }]
  live.look({ ...moment, calls: 1000, generator: null, backends: before })
  live.look({
    ...moment,
    generator: {
      cpuShare: 0.25,
      cpuWaitShare: null,
      loopDelayP50Ms: 0.5,
      loopDelayP99Ms: 2,
      loopDelayMaxMs: 12,
    },
  })
  metrics = readText(await live.text())
})

describe('the metrics of a run', () => {
  test('have names, types and units as Prometheus wants them', () => {
    for (const [each, { type, help, samples }] of metrics) {
      expect(each).toMatch(/^cutover_[a-z_]+$/)
      expect(each.endsWith('_total')).toBe(type === 'counter')
      if (type === 'gauge') expect(each).toMatch(/_(seconds|ratio|rows|info|requests|up)$/)
      expect(help).toMatch(/\.$/)
      // Labels that only histograms and summaries may have.
      for (const key of samples.keys()) expect(key).not.toMatch(/"(le|quantile)"/)
    }
  })

  test('count requests and refusals as the summary does', () => {
    const { requests, rejections } = summary
    expect(nonZero(sums('cutover_requests_total', 'outcome'))).toEqual(nonZero(requests.byOutcome))
    expect(sums('cutover_refusals_total', 'class')).toEqual(nonZero(rejections.byClass))
    expect(sums('cutover_refusals_total', 'cause')).toEqual(nonZero(rejections.byCause))
  })

  test('tell of the generator, the clock, the table and the provider of each backend', () => {
    expect(figure('cutover_generator_sent_total')).toBe(1234)
    const { shed = 0 } = requestsByOutcome()
    expect(figure('cutover_generator_due_total')).toBe(1234 + shed)
    expect(figure('cutover_scenario_time_seconds')).toBe(93_000)
    expect(figure('cutover_scenario_speed_ratio')).toBe(1440)
    expect(figure('cutover_token_table_rows')).toBe(record.table.at(-1)?.rows)
    expect(sums('cutover_generator_event_loop_delay_seconds', 'percentile')).toEqual({
      '50': 0.0005,
      '99': 0.002,
      '100': 0.012,
    })
    expect(sums('cutover_backend_provider_info', 'mode')).toEqual({ fernet: 4 })
  })

  test('tell what each backend says of itself, and nothing but that it is down of one that is', () => {
    expect(sums('cutover_server_requests_total', 'status')).toEqual({ '200': 8, '201': 2, '404': 3 })
    expect(sums('cutover_server_requests_total', 'op')).toEqual({ validate: 11, issue: 2 })
    expect(sums('cutover_server_up', 'node')).toEqual({ '1': 1, '2': 1, '3': 0 })
    expect(sums('cutover_server_waiting_requests', 'node')).toEqual({ '1': 4, '2': 4 })
    expect(sums('cutover_server_cpu_seconds_total', 'node')).toEqual({ '1': 1.5, '2': 1.5 })
  })

  test('leave out what is not known, and carry any name as it is', () => {
    expect(metrics.get('cutover_generator_cpu_wait_ratio')?.samples.size).toBe(0)
    expect(Object.keys(sums('cutover_run_info', 'scenario'))).toEqual([name])
  })
})

const requestsByOutcome = (): Readonly<Record<string, number>> => summary.requests.byOutcome
