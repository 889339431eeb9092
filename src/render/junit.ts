// A verdict as JUnit XML, which every CI system shows: one test case a gate, and one for the run itself.
// It exists so that a rehearsal in a pipeline is a test like any other.
import type { GateResult } from '../measure/gates.js'
import type { Summary } from '../measure/summary.js'
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

const figure = (value: number | null, unit: string): string =>
  value === null ? 'nothing' : `${value}${unit === '' ? '' : ` ${unit}`}`

const caseOf = (scenario: string, inner: { readonly name: string; readonly body: string }): string => {
  const head = `    <testcase classname="cutover.${escapeXml(scenario)}" name="${escapeXml(inner.name)}"`
  return inner.body === '' ? `${head}/>` : `${head}>\n      ${inner.body}\n    </testcase>`
}

const gateBody = ({ result, observed, limit, unit, note }: GateResult): string => {
  if (result === 'pass') return ''
  const message =
    result === 'fail'
      ? `observed ${figure(observed, unit)}, limit ${figure(limit, unit)}`
      : `no data${note === '' ? '' : `: ${note}`}`
  const element = result === 'fail' ? 'failure' : 'error'
  return `<${element} message="${escapeXml(message)}"/>`
}

/**
 * The verdict as JUnit XML, in the form that Jenkins, GitLab and GitHub's actions read: a failed gate is a `failure`; a
 * gate without data, and a run that decides nothing, are an `error`.
 */
export const renderJunit = (summary: Summary): string => {
  const { scenario, gates, verdict, reasons, wallSec } = summary
  // What the gates themselves say is not said again.
  const about = reasons.filter((reason) => !reason.startsWith('gate '))
  const ownError = verdict === 'inconclusive' && (about.length > 0 || gates.length === 0)
  const run = {
    name: 'the run can be judged',
    body: ownError ? `<error message="${escapeXml(`inconclusive: ${about.join('; ')}`)}"/>` : '',
  }
  const cases = [run, ...gates.map((gate) => ({ name: gate.gate, body: gateBody(gate) }))]
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
