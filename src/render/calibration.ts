// A calibration on a terminal: each case with what was expected and what was measured, autocannon's beside it, and the verdict.
// It exists so that whoever trusts a rehearsal's figures can see what the generator makes of figures that are known.
import pc from 'picocolors'
import type { CaseFigures, CaseVerdict, OwnFigures } from '../measure/calibration.js'
import type { Verdict } from '../measure/verdict.js'
import { drawTable, type Cell } from './columns.js'
import { count, counted, milliseconds, share, wrap } from './text.js'

/** What is drawn. */
export interface CalibrationView {
  readonly verdict: Verdict
  /** Whether somebody stopped it: the cases are not all. */
  readonly stopped: boolean
  readonly cases: readonly (OwnFigures & CaseVerdict)[]
  readonly autocannon: readonly CaseFigures[]
}

export interface CalibrationStyle {
  readonly columns: number
  readonly colour: boolean
}

const percentiles = ({ quantiles }: CaseFigures): string =>
  quantiles
    .map(
      ({ share: part, expectedMs, measuredMs }) =>
        `p${Math.round(part * 1000) / 10} ${milliseconds(measuredMs)} (${milliseconds(expectedMs)})`,
    )
    .join(', ')

const heads = [
  'planned',
  'answered',
  'failed (scripted)',
  'other’s reply',
  'gaps at stub',
  'case, and percentiles measured (known)',
]

const row = (figures: CaseFigures, paint: (text: string) => string): Cell[] => [
  { text: count(figures.planned) },
  { text: count(figures.answered) },
  { text: `${count(figures.failed)} (${count(figures.failedExpected)})` },
  { text: count(figures.misbound) },
  { text: figures.gapsAtStub.toFixed(3) },
  { text: `${figures.name}: ${percentiles(figures)}`, paint },
]

const generatorLine = (one: OwnFigures): string => {
  const { lateness, load, shed } = one
  const waited = load.cpuWaitShare === null ? '' : `, ${share(load.cpuWaitShare, 1)} without a core`
  return (
    `${one.name}: late by p50 ${milliseconds(lateness.p50Ms)}, p99 ${milliseconds(lateness.p99Ms)}; ${counted(shed, 'request')} shed; ` +
    `event loop late by p99 ${milliseconds(load.loopDelayP99Ms)}; ${share(load.cpuShare, 1)} of a core used${waited}; ` +
    `gaps as sent ${one.gapsSent.toFixed(3)} from the exponential (plan ${one.gapsPlanned.toFixed(3)}, 1 in 100 beyond ${one.gapsCritical.toFixed(3)})`
  )
}

const verdictWords: Readonly<Record<Verdict, string>> = {
  pass: 'PASS: what was known was measured',
  fail: 'FAIL: what was known was not measured',
  inconclusive: 'INCONCLUSIVE: the machine did not let it be seen',
}

const stoppedWords = 'INCONCLUSIVE: stopped early; these are the cases that had ended until then'

export const renderCalibration = (view: CalibrationView, { columns, colour }: CalibrationStyle): string => {
  const { bold, dim, red, green, yellow } = pc.createColors(colour)
  const width = Math.max(80, Math.min(140, columns))
  const paints = { pass: green, fail: red, inconclusive: yellow }
  const table = (rows: readonly Cell[][]): string[] =>
    drawTable(heads, rows, { width, left: [5], paintHead: dim })
  const item = (text: string, paint = (line: string) => line): string[] => wrap(text, width, '  ').map(paint)
  // A case that decides nothing tells why; what it would have decided is in the table.
  const judged = view.cases.flatMap(({ name, verdict, flaws, checks }) => {
    const failures = checks
      .filter(({ holds }) => !holds)
      .map(({ what, observed, limit }) => `${what}: ${figure(observed)}, allowed ${figure(limit)}`)
    return (flaws.length > 0 ? flaws : failures).flatMap((why) => item(`${name}: ${why}`, paints[verdict]))
  })
  const others =
    view.autocannon.length === 0
      ? []
      : [
          '',
          bold('autocannon, rate mode, over the same stub (not judged)'),
          ...table(view.autocannon.map((figures) => row(figures, dim))),
        ]
  const lines = [
    bold('Measured (known)'),
    ...table(view.cases.map((figures) => row(figures, paints[figures.verdict]))),
    '',
    bold('Load generator'),
    ...view.cases.flatMap((one) => item(generatorLine(one))),
    ...others,
    '',
    paints[view.verdict](bold(view.stopped ? stoppedWords : verdictWords[view.verdict])),
    ...judged,
  ]
  return `${lines.join('\n')}\n`
}

const figure = (value: number): string => value.toLocaleString('en-US', { maximumFractionDigits: 3 })
