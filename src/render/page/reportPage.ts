// The report's script: three charts of one run on one time axis, with hover, zoom and two ways to stack.
// Functions in this folder are put into the report as source text, so they name nothing but one another.
/// <reference lib="dom" />
import type UPlot from 'uplot'
import { clockTime, count, figure } from '../text.js'
import { drawBands, drawEvents, drawFoot, fillSpan, labelBands, pageColour } from './decoration.js'
import { keyedLegend, keyZoom } from './keyboard.js'
import { unpackNumbers } from './unpack.js'
import type { PackedSeries, PageData } from './pageData.js'

/** How the chart of refusals is split. */
export type RefusalSplit = 'class' | 'cause' | 'requests'

/** Values of the common axis as a chart wants them: the last one twice, so that the last interval is drawn. */
export function closed(values: (number | null)[]): (number | null)[] {
  return values.concat([values.at(-1) ?? null])
}

/** Starts of all intervals, and the end of the last. */
export function axisValues(data: PageData): number[] {
  const axis: number[] = []
  for (let i = 0; i <= data.intervals; i++) axis.push(i * data.intervalSec)
  return axis
}

/** The n-th colour for a series; there are twelve. */
export function seriesColour(index: number): string {
  return pageColour(`series-${(index % 12) + 1}`)
}

/** Options that all three charts share. */
export function baseOptions(data: PageData, width: number, unit: string, allEvents: boolean): UPlot.Options {
  const axis: UPlot.Axis = {
    stroke: pageColour('muted'),
    grid: { stroke: pageColour('grid'), width: 1 },
    ticks: { stroke: pageColour('grid'), width: 1, size: 5 },
    font: '12px system-ui, sans-serif',
    labelFont: '12px system-ui, sans-serif',
  }
  return {
    width,
    height: 240,
    padding: [34, 26, 0, 4],
    legend: { live: true },
    cursor: { sync: { key: 'run', scales: ['x', null], setSeries: false }, drag: { x: true, y: false } },
    scales: {
      x: { time: false },
      y: { range: (_chart, _min, max) => [0, max > 0 ? max * 1.08 : 1] },
    },
    axes: [
      {
        ...axis,
        size: 34,
        incrs: [
          1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 10_800, 14_400, 21_600, 43_200,
          86_400,
        ],
        space: 70,
        values: (_chart, splits) => splits.map((sec) => clockTime(sec).replace(/:00$/, '')),
      },
      { ...axis, label: unit, size: 62, values: (_chart, splits) => splits.map((value) => figure(value)) },
    ],
    series: [{ label: 'time', value: (_chart, sec: number | null) => (sec === null ? '–' : clockTime(sec)) }],
    hooks: {
      drawClear: [(chart) => drawBands(chart, data)],
      draw: [
        (chart) => drawFoot(chart),
        (chart) => labelBands(chart, data, allEvents),
        (chart) => drawEvents(chart, data, allEvents),
      ],
    },
  }
}

/** The series of the first chart, per second, the one that is drawn on top of the stack first. */
export function refusalSeries(
  data: PageData,
  split: RefusalSplit,
): { name: string; values: number[]; colour: number }[] {
  function perSecond(series: PackedSeries): number[] {
    return closed(unpackNumbers(series.packed, data.alphabet, 1)).map(
      (value) => (value ?? 0) / data.intervalSec,
    )
  }
  if (split !== 'requests') {
    const parts = split === 'class' ? data.byClass : data.byCause
    return parts.map((each) => ({ name: each.name, values: perSecond(each), colour: each.colour }))
  }
  const refused = new Array<number>(data.intervals + 1).fill(0)
  for (const each of data.byClass)
    perSecond(each).forEach((value, i) => (refused[i] = (refused[i] ?? 0) + value))
  const others = perSecond(data.requests).map((value, i) => Math.max(0, value - (refused[i] ?? 0)))
  return [
    { name: 'not refused', values: others, colour: 7 },
    { name: 'refused', values: refused, colour: 5 },
  ]
}

/** Each series on top of those that follow it; a hidden one adds nothing. */
export function stacked(axis: number[], series: { values: number[] }[], shown: boolean[]): UPlot.AlignedData {
  const sums: number[][] = []
  let below = new Array<number>(axis.length).fill(0)
  for (let i = series.length - 1; i >= 0; i--) {
    const own = series[i]?.values ?? []
    if (shown[i] === true) below = below.map((value, at) => value + (own[at] ?? 0))
    sums.unshift(below)
  }
  return [axis, ...sums]
}

/** The chart of refusals, stacked. Its legend hides and shows single series; the rest is stacked anew. */
export function refusalChart(
  Plot: typeof UPlot,
  data: PageData,
  place: HTMLElement,
  split: RefusalSplit,
): UPlot {
  const axis = axisValues(data)
  const series = refusalSeries(data, split)
  const shown = series.map(() => true)
  const options = baseOptions(data, place.clientWidth, 'per second', false)
  const paths = Plot.paths.stepped?.({ align: 1 })
  series.forEach(({ name, values, colour: position }, i) => {
    const colour = split === 'requests' && i === 0 ? pageColour('calm') : seriesColour(position)
    options.series.push({
      label: name,
      stroke: colour,
      fill: colour,
      width: 1,
      points: { show: false },
      ...(paths === undefined ? {} : { paths }),
      value: (_chart, _sum, _index, at) => (at === null ? '–' : `${figure(values[at] ?? null)}/s`),
    })
  })
  options.hooks = {
    ...options.hooks,
    setSeries: [
      (chart, index, change) => {
        if (index === null || change.show === undefined) return
        shown[index - 1] = change.show
        chart.setData(stacked(axis, series, shown), false)
        chart.redraw(true, true)
      },
    ],
  }
  return new Plot(options, stacked(axis, series, shown), place)
}

/** The chart of the token table: steps, as the table was asked for its size now and then. */
export function rowsChart(Plot: typeof UPlot, data: PageData, place: HTMLElement): UPlot {
  const options = baseOptions(data, place.clientWidth, 'rows', true)
  const colour = seriesColour(0)
  const paths = Plot.paths.stepped?.({ align: 1 })
  options.series.push({
    label: 'rows in token',
    stroke: colour,
    fill: pageColour('rows-fill'),
    width: 2,
    points: { show: false },
    ...(paths === undefined ? {} : { paths }),
    value: (_chart, rows: number | null) => (rows === null ? '–' : count(rows)),
  })
  const atSec = unpackNumbers(data.rows.atSec, data.alphabet, 10).map((sec) => sec ?? 0)
  return new Plot(options, [atSec, unpackNumbers(data.rows.rows, data.alphabet, 1)], place)
}

/** The chart of response times; what was measured in a time-lapse is greyed out, as it predicts nothing. */
export function latencyChart(Plot: typeof UPlot, data: PageData, place: HTMLElement): UPlot {
  const options = baseOptions(data, place.clientWidth, 'ms', false)
  const values: (number | null)[][] = []
  data.latency.forEach((series, i) => {
    const colour = seriesColour(i)
    function add(label: string, packed: string, dash: number[], width: number): void {
      values.push(closed(unpackNumbers(packed, data.alphabet, 100)))
      options.series.push({
        label,
        stroke: colour,
        width,
        dash,
        points: { show: false },
        value: (_chart, ms: number | null) => (ms === null ? '–' : `${figure(ms)} ms`),
      })
    }
    add(`${series.name} p99`, series.p99, [], 1.5)
    add(`${series.name} p50`, series.p50, [4, 3], 1.5)
  })
  options.hooks = {
    ...options.hooks,
    draw: [
      (chart) => {
        for (const { kind, fromSec, toSec } of data.bands)
          if (kind === 'lapse') fillSpan(chart, { fromSec, toSec, strip: null }, pageColour('veil'))
        drawFoot(chart)
        labelBands(chart, data, false)
        drawEvents(chart, data, false)
      },
    ],
  }
  return new Plot(options, [axisValues(data), ...values], place)
}

/** Draws the charts and connects them with one another and with the buttons. */
export function startReport(Plot: typeof UPlot, data: PageData): void {
  const places = ['refusals', 'rows', 'latency'].map((name) => document.getElementById(`live-${name}`))
  const [first, second, third] = places
  if (!first || !second || !third) return
  const [refusalPlace, rowsPlace, latencyPlace] = [first, second, third]
  const whole = { min: 0, max: Math.max(data.coveredSec, data.intervalSec) }
  const focus = { min: data.focus.fromSec, max: data.focus.toSec }
  let range = focus
  let split: RefusalSplit = 'class'
  let busy = false
  let charts: UPlot[] = []

  function follow(): void {
    const buttons: [string, boolean][] = [
      ['zoom-run', range.min === whole.min && range.max === whole.max],
      ['zoom-switch', range.min === focus.min && range.max === focus.max],
      ['split-class', split === 'class'],
      ['split-cause', split === 'cause'],
      ['split-requests', split === 'requests'],
    ]
    for (const [id, pressed] of buttons)
      document.getElementById(id)?.setAttribute('aria-pressed', String(pressed))
  }

  function zoom(to: { min: number; max: number }): void {
    if (busy) return
    busy = true
    range = to
    for (const chart of charts) chart.setScale('x', to)
    busy = false
    follow()
  }

  function shareZoom(chart: UPlot): void {
    const hooks = (chart.hooks.setScale ??= [])
    hooks.push((self, key) => {
      const { min, max } = self.scales['x'] ?? {}
      if (key !== 'x' || busy || min === undefined || max === undefined) return
      zoom({ min, max })
    })
    // A double click shows everything that a chart has; here it means the whole run, in all of them.
    chart.over.addEventListener('dblclick', () => zoom(whole))
  }

  /** Arrows move the window of all charts by a quarter, + and - halve and double it, 0 shows the whole run. */
  function byKey(event: KeyboardEvent): void {
    if (event.ctrlKey || event.altKey || event.metaKey) return
    const to = keyZoom(event.key, range, whole)
    if (to === null) return
    event.preventDefault()
    zoom(to)
  }

  function draw(): void {
    for (const chart of charts) chart.destroy()
    charts = [
      refusalChart(Plot, data, refusalPlace, split),
      rowsChart(Plot, data, rowsPlace),
      latencyChart(Plot, data, latencyPlace),
    ]
    for (const chart of charts) chart.setScale('x', range)
    requestAnimationFrame(() => charts.forEach(shareZoom))
    for (const place of places) if (place) keyedLegend(place)
    refusalPlace.onkeydown = byKey
    rowsPlace.onkeydown = byKey
    latencyPlace.onkeydown = byKey
    follow()
  }

  function press(id: string, act: () => void): void {
    document.getElementById(id)?.addEventListener('click', act)
  }
  press('zoom-run', () => zoom(whole))
  press('zoom-switch', () => zoom(focus))
  for (const each of ['class', 'cause', 'requests'] as const) {
    press(`split-${each}`, () => {
      split = each
      draw()
    })
  }
  matchMedia('(prefers-color-scheme: dark)').addEventListener('change', draw)
  new ResizeObserver(() => {
    for (const [i, chart] of charts.entries()) {
      const width = places[i]?.clientWidth ?? 0
      if (width > 0 && width !== chart.width) chart.setSize({ width, height: chart.height })
    }
  }).observe(refusalPlace)
  document.documentElement.classList.add('live')
  draw()
}
