// The script of a comparison: three charts with a line for each run, on one axis from the switch of each.
// Functions in this folder are put into the page as source text, so they name nothing but one another.
/// <reference lib="dom" />
import type UPlot from 'uplot'
import { count, figure, relativeTime } from '../text.js'
import { baseOptions, seriesColour } from './chartOptions.js'
import type { ComparisonData, PageRun } from './comparisonData.js'
import { drawBands, drawEvents, drawFoot, labelBands } from './decoration.js'
import { drawnLegend, keyedLegend, lineSwatch } from './legend.js'
import { onPress, setPressed, stageCharts } from './stage.js'
import { unpackNumbers } from './unpack.js'

export interface Overlay {
  readonly unit: string
  readonly valuesOf: (run: PageRun) => (number | null)[]
  readonly text: (value: number) => string
}

/** One chart: a line for each run, hidden where it is not shown. */
export function overlayChart(
  Plot: typeof UPlot,
  data: ComparisonData,
  place: HTMLElement,
  overlay: Overlay,
  shown: readonly boolean[],
): UPlot {
  const options = baseOptions(place.clientWidth, overlay.unit, relativeTime)
  const paths = Plot.paths.stepped?.({ align: 1 })
  const axis: number[] = []
  for (let i = 0; i <= data.points; i++) axis.push(data.whole.fromSec + i * data.stepSec)
  data.runs.forEach((run, i) => {
    options.series.push({
      label: run.name,
      show: shown[i] === true,
      stroke: seriesColour(run.colour),
      width: 2,
      dash: [...run.dash],
      points: { show: false },
      ...(paths === undefined ? {} : { paths }),
      value: (_chart, value: number | null) => (value === null ? '–' : overlay.text(value)),
    })
  })
  options.hooks = {
    drawClear: [(chart) => drawBands(chart, data)],
    draw: [
      (chart) => drawFoot(chart),
      (chart) => labelBands(chart, data, true),
      (chart) => drawEvents(chart, data, true),
    ],
  }
  // The last value twice, so that the last step is drawn.
  const lines = data.runs.map((run) => {
    const values = overlay.valuesOf(run)
    return values.concat([values.at(-1) ?? null])
  })
  const chart = new Plot(options, [axis, ...lines], place)
  drawnLegend(
    place,
    data.runs.map((run) => lineSwatch(seriesColour(run.colour), run.dash)),
  )
  keyedLegend(place)
  return chart
}

/** Draws the charts and connects them with one another and with the buttons. */
export function startComparison(Plot: typeof UPlot, data: ComparisonData): void {
  const [refusals, rows, latency] = ['refusals', 'rows', 'latency'].map((name) =>
    document.getElementById(`live-${name}`),
  )
  if (!refusals || !rows || !latency) return
  const shown = data.runs.map(() => true)
  let choice = 0
  let op = 0

  function unpacked(packed: string, scale: number): (number | null)[] {
    return unpackNumbers(packed, data.alphabet, scale)
  }
  function perSecond(run: PageRun): (number | null)[] {
    return unpacked(run.refused[choice] ?? '', 1).map((n) => (n === null ? null : n / run.intervalSec))
  }
  const overlays: [HTMLElement, Overlay][] = [
    [refusals, { unit: 'per second', valuesOf: perSecond, text: (value) => `${figure(value)}/s` }],
    [rows, { unit: 'rows', valuesOf: (run) => unpacked(run.rows, 1), text: (value) => count(value) }],
    [
      latency,
      {
        unit: 'ms',
        valuesOf: (run) => unpacked(run.p99[op] ?? '', 100),
        text: (value) => `${figure(value)} ms`,
      },
    ],
  ]

  /** Hides a run in all charts, or shows it again; `from` has done so already. */
  function show(charts: readonly UPlot[], run: number, visible: boolean, from: UPlot | null): void {
    if (shown[run] === visible) return
    shown[run] = visible
    setPressed(`run-${run}`, visible)
    for (const chart of charts) {
      if (chart !== from) chart.setSeries(run + 1, { show: visible })
      chart.root
        .querySelectorAll('.u-series:not(:first-child) th')
        .item(run)
        ?.setAttribute('aria-pressed', String(visible))
    }
  }

  let charts: UPlot[] = []
  function draw(): UPlot[] {
    charts = overlays.map(([place, overlay]) => overlayChart(Plot, data, place, overlay, shown))
    for (const chart of charts) {
      const hooks = (chart.hooks.setSeries ??= [])
      hooks.push((self, index, change) => {
        if (index !== null && change.show !== undefined) show(charts, index - 1, change.show, self)
      })
    }
    for (let i = 0; i < data.choices; i++) setPressed(`class-${i}`, i === choice)
    for (let i = 0; i < data.ops; i++) setPressed(`op-${i}`, i === op)
    return charts
  }

  const { redraw } = stageCharts({
    places: overlays.map(([place]) => place),
    windows: {
      whole: { min: data.whole.fromSec, max: data.whole.toSec },
      focus: { min: data.focus.fromSec, max: data.focus.toSec },
    },
    draw,
  })
  data.runs.forEach((_run, i) => onPress(`run-${i}`, () => show(charts, i, shown[i] !== true, null)))
  for (let i = 0; i < data.choices; i++)
    onPress(`class-${i}`, () => {
      choice = i
      redraw()
    })
  for (let i = 0; i < data.ops; i++)
    onPress(`op-${i}`, () => {
      op = i
      redraw()
    })
}
