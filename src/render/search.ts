// The result of a search, and what both worlds say of its best plans, as text.
// It exists so that a person sees the choice that is left, and how far to believe it.
import pc from 'picocolors'
import { drawTable, type Cell } from './columns.js'
import type { ShownConfirmation, ShownPlan } from './comparisonView.js'
import { clockTime, count, duration, plain, share, wrap } from './text.js'
import { narrowestColumns, widestColumns, type TerminalOptions } from './terminal.js'

const widthOf = ({ columns }: TerminalOptions): number =>
  Math.max(narrowestColumns, Math.min(widestColumns, Math.floor(columns)))

/** What was varied, each once; when the steps are comes by itself, as it is long. */
export const settingNames = (plans: readonly ShownPlan[]): readonly string[] =>
  [...new Set(plans.flatMap(({ settings }) => Object.keys(settings)))].filter((name) => name !== 'steps')

/** The plans that none beats, as a table. `scale`: the share of the cloud that they were tried in. */
export function renderFront(
  front: readonly ShownPlan[],
  tried: number,
  scale: number,
  options: TerminalOptions,
): string {
  const width = widthOf(options)
  const colours = pc.createColors(options.colour)
  const names = settingNames(front)
  const rows = front.map(({ name, settings, cost }): Cell[] =>
    [
      name,
      count(cost.refusals),
      duration(cost.durationSec),
      count(cost.writes),
      ...names.map((setting) => settings[setting] ?? '–'),
      settings['steps'] ?? '–',
    ].map((text) => ({ text: plain(text) })),
  )
  const heads = ['plan', 'refusals', 'duration', 'writes', ...names, 'steps at']
  const intro = `Of ${count(tried)} plans these are beaten by none in refusals, duration and writes; tried in ${share(scale, 1)} of the cloud.`
  const lines = [
    ...wrap(intro, width),
    ...drawTable(heads, rows, { width, left: [0, heads.length - 1], paintHead: colours.dim }),
  ]
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}

/** How much more the local world refused, as a share of what the simulated one did. */
export const difference = (simulated: number, local: number): string =>
  simulated === 0 ? '–' : `${local >= simulated ? '+' : '−'}${share(Math.abs(local - simulated), simulated)}`

/** Refusals of both worlds, plan by plan. */
export function renderConfirmations(plans: readonly ShownConfirmation[], options: TerminalOptions): string {
  const width = widthOf(options)
  const colours = pc.createColors(options.colour)
  const lines = plans.flatMap(({ name, spans, refusals, verdict, reasons }) => {
    const when = spans.map(({ fromSec, toSec }) => `${clockTime(fromSec)} to ${clockTime(toSec)}`).join(', ')
    const rows = refusals.map((each): Cell[] =>
      [
        plain(each.class),
        count(each.simulated),
        count(each.local),
        difference(each.simulated, each.local),
      ].map((text) => ({ text })),
    )
    const doubt =
      verdict === 'inconclusive' ? wrap(`The local run is inconclusive: ${reasons.join('; ')}`, width) : []
    return [
      '',
      colours.bold(plain(`${name} in both worlds`)),
      ...wrap(`Refused requests where both had all of the traffic: ${when}.`, width),
      ...drawTable(['class', 'simulated', 'local', 'difference'], rows, {
        width,
        left: [0],
        paintHead: colours.dim,
      }),
      ...doubt,
    ]
  })
  return `${lines.map((line) => line.trimEnd()).join('\n')}\n`
}
