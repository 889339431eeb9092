// A verdict as Markdown, for the comment on a pull request or the summary of a CI job.
// Short: the verdict, why, and the gates; the whole report is the HTML file.
import type { BaselineComparison } from '../measure/baseline.js'
import type { GateResult } from '../measure/gates.js'
import type { Summary } from '../measure/summary.js'
import { ratioWords, scopeWords } from './baseline.js'
import { gateValue } from './story.js'
import { count, counted, milliseconds, plain } from './text.js'

const marks = { pass: '✅', fail: '❌', 'no-data': '⚠️', inconclusive: '⚠️' } as const

/** Text that Markdown shows as it is, also in a cell of a table. */
const escapeMarkdown = (text: string): string => plain(text).replace(/[\\`*_{}[\]<>()#|~!&]/g, '\\$&')

/** A gate as code: a backtick or a bar would end it. */
const code = (text: string): string => `\`${plain(text).replace(/[`|]/g, ' ')}\``

const row = ({ gate, result, observed, limit, unit, note }: GateResult): string =>
  `| ${marks[result]} ${result} | ${code(gate)} | ${gateValue(observed, unit)} | ${gateValue(limit, unit)} | ${escapeMarkdown(note)} |`

const timeMarks = { slower: '❌', faster: '✅', 'no-difference': '✅', 'too-noisy': '⚠️' } as const

const baselineLines = (comparison: BaselineComparison): readonly string[] => {
  const { verdict, reasons, notes, times } = comparison
  const rest = notes.filter((note) => !reasons.includes(note))
  const head = `#### ${marks[verdict]} against the baseline: ${verdict} (${scopeWords(comparison)})`
  const lines = ['', head, '', ...[...reasons, ...rest].map((text) => `- ${escapeMarkdown(text)}`)]
  if (times.length === 0) return lines
  const rows = times.map(
    (time) =>
      `| ${timeMarks[time.result]} ${time.words} | ${time.name} | ${milliseconds(time.baseline)} | ${milliseconds(time.candidate)} | ${ratioWords(time)} |`,
  )
  const heads = [
    '| result | service time | baseline | now | ratio, 95 % interval |',
    '| --- | --- | ---: | ---: | --- |',
  ]
  return [...lines, '', ...heads, ...rows]
}

export const renderMarkdown = (summary: Summary, comparison: BaselineComparison | null = null): string => {
  const { verdict, scenario, world, store, seed, reasons, gates, requests, rejections } = summary
  const lines = [
    `### ${marks[verdict]} cutover: ${escapeMarkdown(scenario)}: ${verdict}`,
    '',
    ...reasons.map((reason) => `- ${escapeMarkdown(reason)}`),
    `- ${count(rejections.total)} of ${counted(requests.total, 'request')} ${rejections.total === 1 ? 'was' : 'were'} refused (${escapeMarkdown(world)} world, ${escapeMarkdown(store)}, seed ${seed})`,
  ]
  if (gates.length > 0) {
    lines.push('', '| result | gate | observed | limit | note |', '| --- | --- | ---: | ---: | --- |')
    lines.push(...gates.map(row))
  }
  if (comparison !== null) lines.push(...baselineLines(comparison))
  return `${lines.join('\n')}\n`
}
