// A verdict as Markdown, for the comment on a pull request or the summary of a CI job.
// Short: the verdict, why, and the gates; the whole report is the HTML file.
import type { GateResult } from '../measure/gates.js'
import type { Summary } from '../measure/summary.js'
import { count, plain } from './text.js'

const marks = { pass: '✅', fail: '❌', 'no-data': '⚠️', inconclusive: '⚠️' } as const

/** Text that Markdown shows as it is, also in a cell of a table. */
const escapeMarkdown = (text: string): string => plain(text).replace(/[\\`*_{}[\]<>()#|~!&]/g, '\\$&')

/** A gate as code: a backtick or a bar would end it. */
const code = (text: string): string => `\`${plain(text).replace(/[`|]/g, ' ')}\``

const value = (n: number | null, unit: string): string =>
  n === null ? 'no data' : `${count(n)}${unit === '' ? '' : ` ${unit}`}`

const row = ({ gate, result, observed, limit, unit, note }: GateResult): string =>
  `| ${marks[result]} ${result} | ${code(gate)} | ${value(observed, unit)} | ${value(limit, unit)} | ${escapeMarkdown(note)} |`

export const renderMarkdown = (summary: Summary): string => {
  const { verdict, scenario, world, store, seed, reasons, gates, requests, rejections } = summary
  const lines = [
    `### ${marks[verdict]} cutover: ${escapeMarkdown(scenario)}: ${verdict}`,
    '',
    ...reasons.map((reason) => `- ${escapeMarkdown(reason)}`),
    `- ${count(rejections.total)} of ${count(requests.total)} requests were refused (${escapeMarkdown(world)} world, ${escapeMarkdown(store)}, seed ${seed})`,
  ]
  if (gates.length > 0) {
    lines.push('', '| result | gate | observed | limit | note |', '| --- | --- | ---: | ---: | --- |')
    lines.push(...gates.map(row))
  }
  return `${lines.join('\n')}\n`
}
