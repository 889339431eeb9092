// Which events stand on the charts, and by which letter and words.
// Backends that switch one after another are one event to a reader, with one label.
import { plain } from './text.js'
import type { EventKind, ReportView, Span, ViewEvent } from './view.js'

export interface EventMark extends Span {
  readonly kind: EventKind
  readonly letter: string
  readonly label: string
  readonly ok: boolean
  /** A mark of every chart; else only of the chart of the table, whose steps it explains. */
  readonly everywhere: boolean
}

/** The letter of each kind in a terminal, and its word in the legend. */
export const markLetters: Readonly<Record<EventKind, { readonly letter: string; readonly word: string }>> = {
  cutover: { letter: 'C', word: 'cutover' },
  restart: { letter: 'R', word: 'restart' },
  keys: { letter: 'K', word: 'keys' },
  flush: { letter: 'F', word: 'flush' },
  fault: { letter: '!', word: 'fault' },
  other: { letter: 'x', word: 'other' },
}

/** Most important first, where two marks would stand in one place. */
const rank: readonly EventKind[] = ['fault', 'cutover', 'restart', 'keys', 'other', 'flush']

/** The marks of a run in order of time; switches of single backends are left out where the whole is known. */
export function markedEvents(view: ReportView): EventMark[] {
  const wholeCutovers = view.events.filter((each) => each.event === 'cutover')
  return view.events.filter((event) => !isPartOf(event, wholeCutovers)).map(markOf)
}

const isPartOf = (event: ViewEvent, wholes: readonly ViewEvent[]): boolean =>
  event.kind === 'cutover' &&
  event.event !== 'cutover' &&
  wholes.some((each) => event.startedSec >= each.startedSec - 1 && event.startedSec <= each.endedSec + 1)

function markOf(event: ViewEvent): EventMark {
  const kind = event.ok ? event.kind : 'fault'
  return {
    kind,
    letter: markLetters[kind].letter,
    label: plain(event.ok ? event.label : `${event.label} failed`),
    ok: event.ok,
    everywhere: event.origin !== 'clock' || kind === 'fault',
    fromSec: event.startedSec,
    toSec: Math.max(event.startedSec, event.endedSec),
  }
}

/** Sorted so that the first drawn in a place is the one that matters most. */
export function byImportance(marks: readonly EventMark[]): EventMark[] {
  return [...marks].sort((a, b) => rank.indexOf(a.kind) - rank.indexOf(b.kind) || a.fromSec - b.fromSec)
}
