// The spans that stand behind the lines of every chart, and the word for each kind of them.
// Live charts and drawings take them from one list, so that they cannot differ.
import { faultBands } from './faults.js'
import { describeStretch } from './story.js'
import type { ReportView, Span } from './view.js'

export type BandKind = 'mixed' | 'dual' | 'fault' | 'lapse' | 'downtime' | 'slow'

export interface Band extends Span {
  readonly kind: BandKind
  /** Written into the band where there is room; empty: nothing. */
  readonly label: string
  /** The same for the chart of the table, of which a time-lapse tells more. */
  readonly tableLabel: string
  /** A strip at the upper edge, 0 the highest, so that it shows over other bands; null: the whole height. */
  readonly strip: number | null
}

/** What each kind means, for the key of the charts. */
export const bandWords: Readonly<Record<BandKind, string>> = {
  dual: 'dual mode: both kinds of token are valid',
  mixed: 'fleet mixed while backends switched',
  fault: 'a fault, to the recovery',
  lapse: 'time-lapse',
  downtime: 'strip: downtime of a fault',
  slow: 'strip: slower than before the fault',
}

const plainBand = (
  kind: BandKind,
  { fromSec, toSec }: Span,
  label = '',
  strip: number | null = null,
): Band => ({
  kind,
  fromSec,
  toSec,
  label,
  tableLabel: label,
  strip,
})

/** All bands of a run in the order in which they are drawn. */
export const chartBands = (view: ReportView): readonly Band[] => [
  ...view.stretches
    .filter(({ timeLapse }) => timeLapse)
    .map((stretch) => ({
      ...plainBand('lapse', stretch, describeStretch(stretch, 'requests')),
      tableLabel: describeStretch(stretch, 'table'),
    })),
  ...(view.dualMode === null ? [] : [plainBand('dual', view.dualMode, 'dual mode')]),
  ...faultBands(view).map((band) => plainBand('fault', band, band.label)),
  ...view.mixedFleet.map((span) => plainBand('mixed', span, 'mixed fleet')),
  ...view.summary.faultEffects.flatMap(({ downtime }) =>
    downtime.map((span) => plainBand('downtime', span, '', 0)),
  ),
  ...view.summary.faultEffects.flatMap(({ slow }) => slow.map((span) => plainBand('slow', span, '', 1))),
]
