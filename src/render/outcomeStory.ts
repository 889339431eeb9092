// What the change did, in the sentences of an operator: who was without service and until what, when dual mode may end.
// It stands beside story.ts, which tells of the run as a whole.
import type { Peak } from '../measure/peaks.js'
import { aboutDuration, clockTime, count, counted, duration, listed, plain } from './text.js'
import type { ReportView } from './view.js'

/** So many classes are told of by themselves; the rest is in the tables. */
const classesMost = 4

/** One sentence for each class whose refusals stood out and came to an end, most refusals first. */
export function classStories(view: ReportView): string[] {
  const byClass = new Map<string, Peak[]>()
  for (const peak of view.summary.rejections.peaks)
    byClass.set(peak.class, [...(byClass.get(peak.class) ?? []), peak])
  return [...byClass]
    .map(([name, peaks]) => ({ name, peaks, total: peaks.reduce((sum, { total }) => sum + total, 0) }))
    .filter(({ peaks }) => peaks.at(-1)?.ending.how !== 'still-going-on')
    .sort((a, b) => b.total - a.total)
    .slice(0, classesMost)
    .map(({ name, peaks, total }) => {
      const spans = peaks.map(({ fromSec, toSec }) => aboutDuration(toSec - fromSec))
      const until = peaks.length === 1 ? untilWhat(name, peaks[0] as Peak) : ''
      return `${plain(name)} ${name.endsWith('s') ? 'were' : 'was'} refused for ${listed(spans)}${until}: ${counted(total, 'request')}${atOtherTimes(view, name, total)}${membersOf(view, name)}.`
    })
}

/** ` until its restart`; empty where nothing explains the end. */
export function untilWhat(name: string, { ending, endedBy }: Peak): string {
  if (ending.how === 'restart')
    return endedBy === `restart ${name}` ? ' until its restart' : ` until ${plain(endedBy ?? 'a restart')}`
  if (ending.how === 'still-going-on') return ', and still was when the record ended'
  return endedBy === null ? '' : ` until ${plain(endedBy)}`
}

/** Refusals of the class that lie in none of its peaks: members are counted over the whole run. */
function atOtherTimes(view: ReportView, name: string, inPeaks: number): string {
  const more = (view.classes.find((each) => each.name === name)?.rejected ?? inPeaks) - inPeaks
  return more > 0 ? `, and ${count(more)} at ${more === 1 ? 'another time' : 'other times'}` : ''
}

function membersOf(view: ReportView, name: string): string {
  const impact = view.summary.impact.byClass[name]
  if (!impact?.membersHit) return ''
  const of = impact.members === null ? '' : ` of ${count(impact.members)}`
  // Less than a second is the log-in that follows a refusal, which nobody would call being without service.
  const longest =
    impact.memberWithoutSec === null || impact.memberWithoutSec < 1
      ? ''
      : `, one of them without a good answer for ${aboutDuration(impact.memberWithoutSec)}`
  const members = (impact.members ?? impact.membersHit) === 1 ? 'member was' : 'members were'
  return `; ${count(impact.membersHit)}${of} ${members} hit${longest}`
}

/** Requests that broke, which is another thing than being refused. */
export function failureStory(view: ReportView): string[] {
  const broken = view.classes
    .map(({ name, failed, timeout }) => ({ name, n: failed + timeout }))
    .filter(({ n }) => n > 0)
    .sort((a, b) => b.n - a.n)
  const total = broken.reduce((sum, { n }) => sum + n, 0)
  if (total === 0) return []
  const whose = broken.slice(0, classesMost).map(({ name, n }) => `${plain(name)} ${count(n)}`)
  const rest = total - broken.slice(0, classesMost).reduce((sum, { n }) => sum + n, 0)
  if (rest > 0) whose.push(`others ${count(rest)}`)
  return [`${counted(total, 'request')} failed or timed out: ${listed(whose)}.`]
}

/** When dual mode may end, or what it cost to end it too early. */
export function dualModeStory(view: ReportView): string[] {
  const { dualMode, header, coveredSec } = view
  if (dualMode === null || dualMode.issuedUntilSec === null) return []
  const { issuedUntilSec, uuidUntilSec, leftSec, refusedSince } = dualMode
  const certainSec = issuedUntilSec + header.expirationSec
  const latest = `${duration(header.expirationSec)} after the last backend had stopped to issue UUID tokens, at ${clockTime(certainSec)}`
  if (leftSec !== null && refusedSince > 0)
    return [
      `Dual mode ended too early, after ${duration(leftSec - issuedUntilSec)}: ${counted(refusedSince, 'request')} with UUID tokens ${refusedSince === 1 ? 'was' : 'were'} refused after it. It is safe ${latest}.`,
    ]
  if ((leftSec ?? coveredSec) < certainSec && leftSec === null)
    return [`The run ended before the last UUID token had: it is safe to end dual mode ${latest}.`]
  if (uuidUntilSec === null) return ['Safe to end dual mode at once: no UUID token was accepted any more.']
  return [
    `Safe to end dual mode after ${duration(uuidUntilSec - issuedUntilSec)}: the last UUID token was accepted before ${clockTime(uuidUntilSec)}.`,
  ]
}
