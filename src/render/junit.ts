// A verdict as JUnit XML, which every CI system shows: one test case a gate, and one for the run itself.
// It exists so that a rehearsal in a pipeline is a test like any other.
import type { BaselineComparison } from '../measure/baseline.js'
import type { GateResult } from '../measure/gates.js'
import type { Summary } from '../measure/summary.js'
import { gateValue } from './story.js'
import { plain } from './text.js'

const entities: Readonly<Record<string, string>> = {
  '&': '&amp;',
  '<': '&lt;',
  '>': '&gt;',
  '"': '&quot;',
  "'": '&apos;',
}

/** Text in an attribute or an element; `plain` takes out what XML 1.0 cannot carry at all. */
const escapeXml = (text: string): string => plain(text).replace(/[&<>"']/g, (mark) => entities[mark] ?? '')

interface Case {
  readonly name: string
  /** Empty: it passed. */
  readonly body: string
}

const caseOf = (scenario: string, inner: Case): string => {
  const head = `    <testcase classname="cutover.${escapeXml(scenario)}" name="${escapeXml(inner.name)}"`
  return inner.body === '' ? `${head}/>` : `${head}>\n      ${inner.body}\n    </testcase>`
}

const gateBody = ({ result, observed, limit, unit, note }: GateResult): string => {
  if (result === 'pass') return ''
  const message =
    result === 'fail'
      ? `observed ${gateValue(observed, unit)}, limit ${gateValue(limit, unit)}`
      : `no data${note === '' ? '' : `: ${note}`}`
  const element = result === 'fail' ? 'failure' : 'error'
  return `<${element} message="${escapeXml(message)}"/>`
}

const problem = (element: 'failure' | 'error', message: string): string =>
  `<${element} message="${escapeXml(message)}"/>`

/** The same outcomes as one case, and one for each time; what cannot be told is an error. */
const baselineCases = ({ outcomes, times, verdict, reasons }: BaselineComparison): readonly Case[] => {
  const differing = outcomes.differences
    .map(({ name, baseline, candidate }) => `${name}: ${baseline} → ${candidate}`)
    .join('; ')
  const same = {
    name: 'the same outcomes as the baseline',
    body:
      outcomes.compared === 0
        ? problem('error', reasons.join('; '))
        : differing === ''
          ? ''
          : problem('failure', differing),
  }
  const undecided = outcomes.compared > 0 && times.length === 0 && verdict === 'inconclusive'
  const blank = undecided
    ? [{ name: 'times against the baseline', body: problem('error', reasons.join('; ')) }]
    : []
  const each = times.map(({ name, result, words }) => ({
    name: `${name} is no longer than the baseline's`,
    body:
      result === 'slower' ? problem('failure', words) : result === 'too-noisy' ? problem('error', words) : '',
  }))
  return [same, ...blank, ...each]
}

/**
 * The verdict as JUnit XML, in the form that Jenkins, GitLab and GitHub's actions read: a failed gate is a `failure`; a
 * gate without data, and a run that decides nothing, are an `error`. A comparison with a baseline adds cases of its own.
 */
export const renderJunit = (summary: Summary, comparison: BaselineComparison | null = null): string => {
  const { scenario, gates, verdict, reasons, wallSec } = summary
  // What the gates themselves say is not said again.
  const about = reasons.filter((reason) => !reason.startsWith('gate '))
  const ownError = verdict === 'inconclusive' && (about.length > 0 || gates.length === 0)
  const run = {
    name: 'the run can be judged',
    body: ownError ? `<error message="${escapeXml(`inconclusive: ${about.join('; ')}`)}"/>` : '',
  }
  const cases = [
    run,
    ...gates.map((gate) => ({ name: gate.gate, body: gateBody(gate) })),
    ...(comparison === null ? [] : baselineCases(comparison)),
  ]
  const count = (element: string): number =>
    cases.filter(({ body }) => body.startsWith(`<${element} `)).length
  const counts = `tests="${cases.length}" failures="${count('failure')}" errors="${count('error')}"`
  const name = escapeXml(`cutover ${scenario}`)
  return [
    '<?xml version="1.0" encoding="UTF-8"?>',
    `<testsuites ${counts} time="${wallSec.toFixed(3)}">`,
    `  <testsuite name="${name}" ${counts} skipped="0" time="${wallSec.toFixed(3)}">`,
    ...cases.map((each) => caseOf(scenario, each)),
    '  </testsuite>',
    '</testsuites>',
    '',
  ].join('\n')
}
