// The classes of clients in the report: requests and refusals, what each went through, causes with their meaning.
// Sums stand below their parts, so that a reader can add them up.
import { figures, section, table, words, type Row } from './htmlTable.js'
import { untilWhat } from './outcomeStory.js'
import { html, type Fragment, type SafeHtml } from './safeHtml.js'
import { meaningOf } from './story.js'
import { aboutDuration, clockTime, count, duration, share } from './text.js'
import type { ClassRow, ReportView, Span } from './view.js'

/** Requests and refusals of each class, with causes and sums. */
export function classSection(view: ReportView): SafeHtml {
  const sum = (pick: (each: ClassRow) => number): number =>
    view.classes.reduce((total, each) => total + pick(each), 0)
  const causes = new Map<string, number>()
  const rows = view.classes.flatMap((each): Row[] => [
    {
      cells: [
        html`${each.name}
          <small
            >${each.members > 0 ? `${count(each.members)} × ${each.behaviour}, every ${duration(each.everySec)}` : each.behaviour}</small
          >`,
        ...outcomes(each),
      ],
    },
    ...each.byCause.map(({ cause, total }): Row => {
      causes.set(cause, (causes.get(cause) ?? 0) + total)
      return { style: 'part', cells: [cause, '', count(total), '', '', '', ''] }
    }),
  ])
  const all: Row = {
    style: 'sum',
    cells: [
      'All classes',
      ...outcomes({
        requests: sum((each) => each.requests),
        rejected: sum((each) => each.rejected),
        failed: sum((each) => each.failed),
        timeout: sum((each) => each.timeout),
        shed: sum((each) => each.shed),
      }),
    ],
  }
  const storyRows = view.classes
    .filter(({ rejected }) => rejected > 0)
    .map((each): Row => ({ cells: [each.name, ...classStory(view, each)] }))
  const causeRows = [...causes]
    .sort((a, b) => b[1] - a[1])
    .map(([cause, total]): Row => ({ cells: [cause, count(total), meaningOf(cause)] }))
  const causeTotal = [...causes.values()].reduce((total, n) => total + n, 0)
  return section(
    'classes',
    'Who was refused, and why',
    table(
      'Requests and refusals of each class of clients',
      [
        words('Class'),
        figures('Requests'),
        figures('Refused'),
        figures('Share'),
        figures('Failed'),
        figures('Timed out'),
        figures('Shed'),
      ],
      [...rows, all],
    ),
    storyRows.length === 0
      ? null
      : table(
          'What each class went through',
          [
            words('Class'),
            words('What it saw'),
            figures('Members hit'),
            figures('Longest without'),
            figures('First refused'),
            figures('Last refused'),
            words('What ended it'),
          ],
          storyRows,
        ),
    causeRows.length === 0
      ? null
      : table(
          'Refusals by cause',
          [words('Cause'), figures('Refused'), words('What it means')],
          [...causeRows, { style: 'sum', cells: ['All causes', count(causeTotal), ''] }],
        ),
  )
}

/** What a class saw, whom it hit, for how long, and what put an end to it. */
function classStory(view: ReportView, { name, byCause }: ClassRow): Fragment[] {
  const impact = view.summary.impact.byClass[name]
  const peaks = view.summary.rejections.peaks.filter((peak) => peak.class === name)
  const span = spanOfRefusals(view, name)
  const seen = byCause.map(({ cause, total }) => `${count(total)} × ${meaningOf(cause) || cause}`)
  const ends = peaks.map((peak) => untilWhat(name, peak).replace(/^,? (until )?/, ''))
  const hit = impact?.membersHit ?? null
  return [
    seen.join('; '),
    hit === null || hit === 0 ? '–' : `${count(hit)}${impact?.members ? ` of ${count(impact.members)}` : ''}`,
    impact?.memberWithoutSec ? aboutDuration(impact.memberWithoutSec) : '–',
    span === null ? '–' : clockTime(span.fromSec),
    span === null ? '–' : clockTime(span.toSec),
    peaks.length === 0
      ? 'too few for a peak'
      : [...new Set(ends.map((end) => end || 'not known'))].join('; '),
  ]
}

/** From the first interval in which a class was refused to the end of the last. */
function spanOfRefusals({ refusals, intervalSec }: ReportView, name: string): Span | null {
  const own = refusals.byClass.find((each) => each.name === name)?.perInterval ?? []
  const first = own.findIndex((n) => n > 0)
  if (first === -1) return null
  return { fromSec: first * intervalSec, toSec: (own.findLastIndex((n) => n > 0) + 1) * intervalSec }
}

const outcomes = (of: Pick<ClassRow, 'requests' | 'rejected' | 'failed' | 'timeout' | 'shed'>): string[] => [
  count(of.requests),
  count(of.rejected),
  share(of.rejected, of.requests),
  count(of.failed),
  count(of.timeout),
  count(of.shed),
]
