// The report's script: three charts of one run on one time axis, with hover, zoom and two ways to stack.
// Functions in this folder are put into the report as source text, so they name nothing but one another.
/// <reference lib="dom" />
import type UPlot from 'uplot'
import { count, figure } from '../text.js'
import { baseOptions, hatched, seriesColour } from './chartOptions.js'
import { drawBands, drawEvents, drawFoot, fillSpan, labelBands, pageColour } from './decoration.js'
import { areaSwatch, drawnLegend, keyedLegend, lineSwatch } from './legend.js'
import { onPress, setPressed, stageCharts, type Windows } from './stage.js'
import { unpackNumbers } from './unpack.js'
import type { PackedSeries, PageData } from './pageData.js'

/** A chart on the page, and what takes in the data as they are now: false if it has to be made anew. */
export interface DrawnChart {
  readonly chart: UPlot
  readonly refresh: () => boolean
}

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

/** What the report draws behind and over the lines of a chart. */
export function reportHooks(data: PageData, allEvents: boolean): UPlot.Hooks.Arrays {
  return {
    drawClear: [(chart) => drawBands(chart, data)],
    draw: [
      (chart) => drawFoot(chart),
      (chart) => labelBands(chart, data, allEvents),
      (chart) => drawEvents(chart, data, allEvents),
    ],
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
): DrawnChart {
  let axis = axisValues(data)
  const series = refusalSeries(data, split)
  const shown = series.map(() => true)
  const options = baseOptions(place.clientWidth, 'per second')
  const paths = Plot.paths.stepped?.({ align: 1 })
  const swatches: string[] = []
  series.forEach(({ name, colour: position }, i) => {
    const calm = split === 'requests' && i === 0
    const colour = calm ? pageColour('calm') : seriesColour(position)
    const hatch = calm ? '' : (data.hatches[position % data.hatches.length] ?? '')
    swatches.push(areaSwatch(colour, hatch))
    options.series.push({
      label: name,
      stroke: colour,
      fill: hatched(colour, hatch),
      width: 1,
      points: { show: false },
      ...(paths === undefined ? {} : { paths }),
      value: (_chart, _sum, _index, at) => (at === null ? '–' : `${figure(series[i]?.values[at] ?? null)}/s`),
    })
  })
  options.hooks = {
    ...reportHooks(data, false),
    setSeries: [
      (chart, index, change) => {
        if (index === null || change.show === undefined) return
        shown[index - 1] = change.show
        chart.setData(stacked(axis, series, shown), false)
        chart.redraw(true, true)
      },
    ],
  }
  const chart = new Plot(options, stacked(axis, series, shown), place)
  drawnLegend(place, swatches)
  function refresh(): boolean {
    // Who is refused most may change from one moment to the next; each keeps its place in the stack.
    const later = refusalSeries(data, split)
    const found = series.map(({ name }) => later.find((each) => each.name === name)?.values)
    if (later.length !== series.length || found.includes(undefined)) return false
    axis = axisValues(data)
    series.forEach((each, i) => (each.values = found[i] ?? []))
    chart.setData(stacked(axis, series, shown), false)
    return true
  }
  return { chart, refresh }
}

/** A chart whose lines are always the same ones. */
export function chartOf(
  Plot: typeof UPlot,
  options: UPlot.Options,
  place: HTMLElement,
  values: () => UPlot.AlignedData,
): DrawnChart {
  const chart = new Plot(options, values(), place)
  function refresh(): boolean {
    chart.setData(values(), false)
    return true
  }
  return { chart, refresh }
}

/** The chart of the token table: steps, as the table was asked for its size now and then. */
export function rowsChart(Plot: typeof UPlot, data: PageData, place: HTMLElement): DrawnChart {
  const options = { ...baseOptions(place.clientWidth, 'rows'), hooks: reportHooks(data, true) }
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
  return chartOf(Plot, options, place, () => [
    unpackNumbers(data.rows.atSec, data.alphabet, 10).map((sec) => sec ?? 0),
    unpackNumbers(data.rows.rows, data.alphabet, 1),
  ])
}

/** The chart of response times; what was measured in a time-lapse is greyed out, as it predicts nothing. */
export function latencyChart(Plot: typeof UPlot, data: PageData, place: HTMLElement): DrawnChart {
  const options = baseOptions(place.clientWidth, 'ms')
  data.latency.forEach((series, i) => {
    const colour = seriesColour(i)
    function add(label: string, dash: number[]): void {
      options.series.push({
        label,
        stroke: colour,
        width: 1.5,
        dash,
        points: { show: false },
        value: (_chart, ms: number | null) => (ms === null ? '–' : `${figure(ms)} ms`),
      })
    }
    add(`${series.name} p99`, [])
    add(`${series.name} p50`, [4, 3])
  })
  options.hooks = {
    ...reportHooks(data, false),
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
  const drawn = chartOf(Plot, options, place, () => [
    axisValues(data),
    ...data.latency
      .flatMap(({ p99, p50 }) => [p99, p50])
      .map((packed) => closed(unpackNumbers(packed, data.alphabet, 100))),
  ])
  drawnLegend(
    place,
    data.latency.flatMap((_, i) => [lineSwatch(seriesColour(i), []), lineSwatch(seriesColour(i), [4, 3])]),
  )
  return drawn
}

/** What the page's windows of time are. */
export function windowsOf(data: PageData): Windows {
  return {
    whole: { min: 0, max: Math.max(data.coveredSec, data.intervalSec) },
    focus: { min: data.focus.fromSec, max: data.focus.toSec },
  }
}

/**
 * Draws the charts and connects them with one another and with the buttons. Returns what takes in later data of a run
 * that goes on.
 */
export function startReport(Plot: typeof UPlot, data: PageData): (later: PageData) => void {
  const places = ['refusals', 'rows', 'latency'].map((name) => document.getElementById(`live-${name}`))
  const [refusals, rows, latency] = places
  if (!refusals || !rows || !latency) return () => {}
  let split: RefusalSplit = 'class'
  let charts: DrawnChart[] = []

  function draw(): UPlot[] {
    charts = [
      refusalChart(Plot, data, refusals as HTMLElement, split),
      rowsChart(Plot, data, rows as HTMLElement),
      latencyChart(Plot, data, latency as HTMLElement),
    ]
    for (const place of places) if (place) keyedLegend(place)
    for (const each of splits) setPressed(`split-${each}`, each === split)
    return charts.map(({ chart }) => chart)
  }

  const splits = ['class', 'cause', 'requests'] as const
  const windows = windowsOf(data)
  const { redraw, reach } = stageCharts({ places: [refusals, rows, latency], windows, draw })
  for (const each of splits) {
    onPress(`split-${each}`, () => {
      split = each
      redraw()
    })
  }
  return (later) => {
    // In place: what is drawn behind and over the lines looks at the same data.
    Object.assign(data, later)
    if (charts.map(({ refresh }) => refresh()).includes(false)) redraw()
    reach(windowsOf(data))
  }
}
