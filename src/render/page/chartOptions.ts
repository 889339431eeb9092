// What every live chart has: axes, pointer, colours.
// Functions in this folder are put into the page as source text, so they name nothing but one another.
/// <reference lib="dom" />
import type UPlot from 'uplot'
import { clockTime, figure } from '../text.js'
import { pageColour } from './decoration.js'

/** The n-th colour for a series; there are twelve. */
export function seriesColour(index: number): string {
  return pageColour(`series-${(index % 12) + 1}`)
}

/** A colour with a hatch over it, to fill an area with; the colour alone where there is no hatch. */
export function hatched(colour: string, hatch: string): string | CanvasPattern {
  const tile = document.createElement('canvas')
  const context = tile.getContext('2d')
  if (hatch === '' || !context) return colour
  const size = 8 * devicePixelRatio
  tile.width = size
  tile.height = size
  context.fillStyle = colour
  context.fillRect(0, 0, size, size)
  context.scale(devicePixelRatio, devicePixelRatio)
  context.strokeStyle = pageColour('panel')
  context.lineWidth = 1.4
  context.stroke(new Path2D(hatch))
  return context.createPattern(tile, 'repeat') ?? colour
}

/** Options that all charts of a page share: axes of scenario time, a pointer and a window in common. */
export function baseOptions(
  width: number,
  unit: string,
  timeText: (sec: number) => string = clockTime,
): UPlot.Options {
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
        values: (_chart, splits) => splits.map((sec) => timeText(sec).replace(/:00$/, '')),
      },
      { ...axis, label: unit, size: 62, values: (_chart, splits) => splits.map((value) => figure(value)) },
    ],
    series: [{ label: 'time', value: (_chart, sec: number | null) => (sec === null ? '–' : timeText(sec)) }],
    hooks: {},
  }
}
