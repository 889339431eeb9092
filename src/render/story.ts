// A run in sentences: the verdict with its reasons, the peaks, what a chart leaves out.
// The terminal and the HTML report say the same, so what they say is put into words once, here.
import { costMark, costNote } from './costWords.js'
import type { Cause } from '../measure/sample.js'
import type { GateUnit } from '../measure/gates.js'
import type { Peak } from '../measure/peaks.js'
import { clockTime, count, counted, figure, listed, milliseconds, plain, rate, share } from './text.js'
import { faultStories } from './faults.js'
import { classStories, dualModeStory, failureStory } from './outcomeStory.js'
import type { ReportView, Span, ViewStretch } from './view.js'

/** What each cause means to the one who runs the cloud. */
export const causeMeaning: Readonly<Record<Cause, string>> = {
  'uuid-on-fernet-node': 'a UUID token came to a backend that had switched to Fernet',
  'fernet-on-uuid-node': 'a Fernet token came to a backend that still ran UUID',
  'key-not-distributed': 'the token was made with a key that this backend had not been given yet',
  'key-rotated-away': 'the key that the token was made with had been rotated away',
  expired: 'the token had reached the end of its validity',
  flushed: 'the row of the token was gone from the table',
  revoked: 'the token had been revoked',
  'trust-gone': 'the trust that the token stood on was gone',
  'user-gone': 'the user or project of the token was gone or disabled',
  'unknown-token': 'no backend ever knew such a token',
  'stale-cache': 'a cache still held a refusal that no longer was true',
  'service-unavailable': 'a service could not renew its own token',
}

/** The meaning of a cause; one that this version does not know has none. */
export const meaningOf = (cause: string): string =>
  (causeMeaning as Readonly<Record<string, string>>)[cause] ?? ''

/**
 * `time-lapse ×1,440 at 2 % of the traffic: no prediction`. The size of the table follows scenario time alone, so of
 * the table the time-lapse does tell something.
 */
export function describeStretch(stretch: ViewStretch, of: 'requests' | 'table'): string {
  const part = `${share(stretch.traffic, 1)} of the traffic`
  if (stretch.timeLapse) {
    const traffic = stretch.traffic < 1 ? ` at ${part}` : ''
    return `time-lapse ×${count(stretch.speed)}${traffic}${of === 'table' ? '' : ': no prediction'}`
  }
  const traffic = stretch.traffic < 1 ? part : 'full traffic'
  return stretch.speed === 1 ? traffic : `${traffic}, ×${figure(stretch.speed)}`
}

/** Where the charts zoom to, for their titles: `the switch, 0:20:00 to 1:30:00`. */
export function describeFocus(view: ReportView): string {
  const { focus } = view
  const times = `${clockTime(focus.fromSec)} to ${clockTime(focus.toSec)}`
  if (focus.reason === 'whole-run') return `the whole run, ${times}`
  return `${focus.reason === 'switch' ? 'the switch' : 'full traffic'}, ${times} of ${clockTime(view.coveredSec)}`
}

/** What to keep in mind of the response times; null where they were measured and time ran as in life. */
export function paceNote(view: ReportView): string | null {
  const costs = costNote(view.header)
  if (view.header.world === 'simulated') return costs
  const speeds = view.stretches.filter(
    (each) => !each.timeLapse && each.toSec > view.focus.fromSec && each.fromSec < view.focus.toSec,
  )
  const fastest = Math.max(1, ...speeds.map((each) => each.speed))
  if (fastest === 1) return costs
  return `${costs === null ? '' : `${costs} `}Time ran ×${figure(fastest)}, so Keystone got as many times the requests of life each second: compare before with after, not with your cloud.`
}

/** Where it was played, which says how far its figures may be trusted: `simulated world on memory, seed 1`. */
export const worldWords = ({ header }: ReportView): string =>
  `${header.world} world on ${plain(header.store)}, seed ${header.seed}`

/** One sentence under the run's name. */
export function headline(view: ReportView): string {
  const { gates, verdict } = view.summary
  const held = gates.filter((gate) => gate.result === 'pass').length
  const failed = gates.filter((gate) => gate.result === 'fail').length
  if (gates.length === 0) {
    return verdict === 'inconclusive'
      ? 'this rehearsal decides nothing; the reasons follow.'
      : 'no gates were set, so nothing was judged: the figures are yours to weigh.'
  }
  if (verdict === 'fail') return `${counted(failed, 'gate')} of ${count(gates.length)} failed.`
  if (verdict === 'pass')
    return gates.length === 1
      ? 'the gate holds.'
      : held === 2
        ? 'both gates hold.'
        : `all ${count(held)} gates hold.`
  return held === 0
    ? 'this rehearsal decides nothing; the reasons follow.'
    : `this rehearsal decides nothing, though ${held === gates.length ? headlineHeld(held) : `${count(held)} of ${counted(gates.length, 'gate')} held`}.`
}

const headlineHeld = (held: number): string =>
  held === 1 ? 'the gate held' : held === 2 ? 'both gates held' : `all ${count(held)} gates held`

/** Why the verdict is what it is, what decided it first; then what happened. */
export function reasons(view: ReportView): string[] {
  const { verdict } = view.summary
  return [
    // Of a run that passed the headline says why already.
    ...(verdict === 'pass' ? [] : view.summary.reasons.map(sentence)),
    ...partReason(view),
    refusalReason(view),
    ...classStories(view),
    ...unendedReason(view),
    ...failureStory(view),
    ...faultStories(view),
    ...dualModeStory(view),
    ...sampleReason(view),
    ...tableReason(view),
    ...latencyReason(view),
  ].map(plain)
}

/** What has happened in a run that goes on. */
export function soFar(view: ReportView): string[] {
  if (view.summary.requests.total === 0) return ['No request was made yet.']
  const refused = refusedNow(view)
  return [
    refusalReason(view),
    ...(refused.length === 0 ? [] : [`Being refused now: ${listed(refused)}.`]),
    ...classStories(view),
    ...failureStory(view),
  ].map(plain)
}

const sentence = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1)}${text.endsWith('.') ? '' : '.'}`

function partReason(view: ReportView): string[] {
  if (view.interrupted === null || view.summary.requests.total === 0) return []
  const part = `${clockTime(view.coveredSec)} of ${clockTime(view.header.durationSec)}`
  return [`The run was interrupted: what follows is true only of the part that was recorded, ${part}.`]
}

function refusalReason(view: ReportView): string {
  const { requests, rejections } = view.summary
  if (requests.total === 0) return 'There is nothing to conclude from this run.'
  if (rejections.total === 0) return `None of ${counted(requests.total, 'request')} was refused.`
  const span = refusedSpan(view)
  const when = span === null ? '' : `, from ${clockTime(span.fromSec)} to ${clockTime(span.toSec)}`
  const refused = view.refusals.byClass.filter((each) => each.total > 0)
  const named = refused.length <= 5 ? refused : refused.slice(0, 4)
  const rest = rejections.total - named.reduce((sum, each) => sum + each.total, 0)
  const whose = named.map((each) => `${plain(each.name)} ${count(each.total)}`)
  if (rest > 0) whose.push(`${count(refused.length - named.length)} other classes ${count(rest)}`)
  return `${count(rejections.total)} of ${counted(requests.total, 'request')} (${share(rejections.total, requests.total)}) ${rejections.total === 1 ? 'was' : 'were'} refused${when}: ${listed(whose)}.${inferredNote(view)}`
}

/** A given Keystone refuses without a reason; what stands as its cause is the holder's inference. */
const inferredNote = (view: ReportView): string =>
  view.header.world === 'external' ? ' The causes are inferred: this Keystone tells none.' : ''

/** Classes whose refusals had not ended when the record did. */
const refusedNow = (view: ReportView): string[] => {
  const open = view.summary.rejections.peaks.filter(({ ending }) => ending.how === 'still-going-on')
  return [...new Set(open.map((peak) => peak.class))]
}

function unendedReason(view: ReportView): string[] {
  const classes = refusedNow(view)
  if (classes.length === 0) return []
  return [
    `Still being refused when the record ended: ${listed(classes)}. Nothing in this run put an end to that.`,
  ]
}

/** Totals over thinned traffic are a sample, which a sum does not show. */
function sampleReason(view: ReportView): string[] {
  const thin = view.stretches.find((stretch) => stretch.traffic < 1)
  const span = refusedSpan(view)
  if (thin === undefined || span === null || span.toSec <= thin.fromSec) return []
  return [
    `From ${clockTime(thin.fromSec)} to ${clockTime(thin.toSec)} only ${share(thin.traffic, 1)} of the members called: refusals there are a sample of what the whole cloud would feel.`,
  ]
}

/** Why nobody should go by the response times; null if they are what they seem. */
export function latencyDoubt({ summary, header }: ReportView): string | null {
  const { latenessP99Ms, loopDelayP99Ms } = summary.generator
  return Math.max(latenessP99Ms, loopDelayP99Ms ?? 0) > header.latenessLimitMs
    ? 'Do not trust these: the load generator was late, and its lateness is part of them.'
    : null
}

function latencyReason(view: ReportView): string[] {
  const words = view.latencyRows.flatMap(({ op, before, after }) =>
    (op === 'validate' || op === 'issue') && before.count > 0 && after.count > 0
      ? [`${op} ${change(before.p50Ms, after.p50Ms)} (p99 ${change(before.p99Ms, after.p99Ms)})`]
      : [],
  )
  const doubt = latencyDoubt(view)
  const late = doubt === null ? '' : ` ${doubt}`
  return words.length === 0
    ? []
    : [
        `Response time of Keystone before → after the switch${costMark(view.header)}: ${listed(words)}.${late}`,
      ]
}

function tableReason(view: ReportView): string[] {
  const { rowsAtCutover, rowsEnd, emptyAtSec } = view.summary.tokenTable
  if (rowsEnd === null) return []
  const from = rowsAtCutover === null ? '' : ` from ${count(rowsAtCutover)} rows at the switch`
  if (emptyAtSec === 0) return ['The token table was empty from the start to the end.']
  if (emptyAtSec !== null)
    return [`The token table was empty at ${clockTime(emptyAtSec)}${from === '' ? '' : `, down${from}`}.`]
  return [
    `The token table held ${counted(rowsEnd, 'row')} when the run ended${from === '' ? '' : `,${from.replace(' from', '')}`}.`,
  ]
}

/** From the first interval with a refusal to the end of the last. */
export function refusedSpan(view: ReportView): Span | null {
  let first = -1
  let last = -1
  for (const series of view.refusals.byClass) {
    series.perInterval.forEach((n, i) => {
      if (n === 0) return
      if (first === -1 || i < first) first = i
      if (i > last) last = i
    })
  }
  if (first === -1) return null
  return { fromSec: first * view.intervalSec, toSec: (last + 1) * view.intervalSec }
}

/** `12.7 → 8.1 ms`. */
export const change = (before: number | null, after: number | null): string => {
  const [from, to] = [milliseconds(before), milliseconds(after)]
  return from.endsWith(' ms') && to.endsWith(' ms') ? `${from.slice(0, -3)} → ${to}` : `${from} → ${to}`
}

/** What a gate saw or allows, in its unit: `2,000 requests`. */
export const gateValue = (value: number | null, unit: GateUnit): string => {
  if (value === null) return '–'
  const noun = value === 1 && /^(rows|requests|tokens)$/.test(unit) ? unit.slice(0, -1) : unit
  return `${figure(value)}${noun === '' ? '' : ` ${noun}`}`
}

/** A peak as one would tell it to a colleague. */
export function peakSentence(peak: Peak, stretches: readonly ViewStretch[]): string {
  const causes = Object.entries(peak.byCause)
    .sort((a, b) => b[1] - a[1])
    .map(([cause, n]) => (Object.keys(peak.byCause).length === 1 ? cause : `${cause} ${count(n)}`))
  const most = peak.mostUntilSec < peak.toSec ? `, 95 % of them by ${clockTime(peak.mostUntilSec)}` : ''
  const lapse = stretches.some(
    (each) => each.timeLapse && peak.peakAtSec >= each.fromSec && peak.peakAtSec < each.toSec,
  )
  const scaled = peak.scaled ? ' (scaled up to full traffic)' : ''
  const estimate = lapse ? `${scaled}, in the time-lapse, so its height predicts nothing` : scaled
  const sample =
    peak.leastTraffic < 1 ? `; counted in part at ${share(peak.leastTraffic, 1)} of the traffic` : ''
  return [
    `${plain(peak.class)}: ${count(peak.total)} refused from ${clockTime(peak.fromSec)} to ${clockTime(peak.toSec)}${most}`,
    `; highest ${rate(peak.peakPerSec)} at ${clockTime(peak.peakAtSec)}${estimate}${sample}`,
    `; cause ${listed(causes)}`,
    peak.begunBy === null ? '' : `; begun by ${plain(peak.begunBy)}`,
    endWords(peak),
    '.',
  ].join('')
}

function endWords({ ending, endedBy }: Peak): string {
  if (ending.how === 'still-going-on') return '; still going on when the record ended'
  if (endedBy === null) return ''
  if (ending.how === 'renewed') return `; ended as ${plain(endedBy)}`
  if (ending.how === 'switch-completed') return `; ended when ${plain(endedBy)}`
  return `; ended by ${plain(endedBy)}`
}

/** Whether a backend has switched: if none has, there is no before and after. */
export const hasSwitched = (view: ReportView): boolean => view.events.some(({ kind }) => kind === 'cutover')

/** What the section of the whole windows is called. */
export const latencyTitle = (view: ReportView): string =>
  hasSwitched(view) ? 'Response time before and after the switch' : 'Response time over the run'

/** What a window is called: without a switch, all is `before`. */
export const windowName = (view: ReportView, name: 'before' | 'during' | 'after'): string =>
  hasSwitched(view) ? name : 'whole run'

/** What the charts of the switch do not show, or null where they show it all. */
export function outsideFocus(view: ReportView): string | null {
  const { focus, intervalSec } = view
  if (focus.fromSec <= 0 && focus.toSec >= view.coveredSec) return null
  let inLapse = 0
  const outside = view.refusals.byClass.flatMap(({ name, perInterval }) => {
    let total = 0
    perInterval.forEach((n, i) => {
      const atSec = i * intervalSec
      if (n === 0 || (atSec + intervalSec > focus.fromSec && atSec < focus.toSec)) return
      total += n
      if (view.stretches.some((each) => each.timeLapse && atSec >= each.fromSec && atSec < each.toSec))
        inLapse += n
    })
    return total === 0 ? [] : [{ name, total }]
  })
  if (outside.length === 0) return 'Outside this window no request was refused.'
  const total = outside.reduce((sum, each) => sum + each.total, 0)
  const whose = listed(outside.map((each) => `${plain(each.name)} ${count(each.total)}`))
  const lapse =
    inLapse === 0 ? '' : `, ${inLapse === total ? 'all' : count(inLapse)} of them in the time-lapse`
  return `Outside this window ${counted(total, 'more request')} ${total === 1 ? 'was' : 'were'} refused (${whose})${lapse}.`
}
