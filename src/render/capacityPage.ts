// A measurement of capacity as one HTML file without a script, in the style of the report.
// It exists to be sent to those who decide how many machines there will be.
import type { MeasuredCapacity } from '../plan/measuredCapacity.js'
import { growthCharts, throughputChart } from './capacityCharts.js'
import {
  answerSentence,
  capacityNotes,
  costTable,
  curveTable,
  growthTable,
  needWords,
  pointTable,
  settingWords,
  tableNotes,
  type CapacityTable,
} from './capacityTables.js'
import { reportStyle } from './htmlStyle.js'
import { figures, section, table, words } from './htmlTable.js'
import type { LoadChart } from './loadChart.js'
import { drawLoadSvg } from './loadSvg.js'
import { html, trusted, type SafeHtml } from './safeHtml.js'

const policy = "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

const tableOf = (
  caption: string,
  { heads, rows, words: wordColumns }: CapacityTable,
  note: string,
): SafeHtml | null =>
  rows.length === 0
    ? null
    : html`${table(
          caption,
          heads.map((head, i) => (wordColumns.includes(i) ? words(head) : figures(head))),
          rows.map((cells) => ({ cells })),
        )}
        <p class="muted">${note}</p>`

const drawings = (charts: readonly LoadChart[], id: string): SafeHtml =>
  html`<figure>
    <div class="curves">${charts.map((chart, i) => drawLoadSvg(chart, `${id}-${i}`))}</div>
  </figure>`

export const renderCapacityPage = (measured: MeasuredCapacity): string => {
  const { version, startedAt, growth } = measured
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="generator" content="keystone-cutover ${version}" />
        <title>Capacity: UUID and Fernet</title>
        <style>
          ${trusted(reportStyle)}
        </style>
      </head>
      <body>
        <header>
          <h1>For ${needWords(measured)}</h1>
          ${measured.stopped ? html`<p>Stopped early: this is what was measured until then.</p>` : null}
          <ul class="reasons">
            ${measured.answers.map((answer) => html`<li>${answerSentence(answer)}</li>`)}
          </ul>
          <p class="muted">${settingWords(measured)}</p>
        </header>
        <main>
          ${section(
            'throughput',
            'Throughput',
            drawings(
              [throughputChart(measured, 'validate'), throughputChart(measured, 'issue')],
              'throughput',
            ),
            tableOf('Validations', pointTable(measured, 'validate'), `Validations. ${tableNotes.points}`),
            tableOf('Issues', pointTable(measured, 'issue'), `Issues. ${tableNotes.points}`),
          )}
          ${section(
            'curves',
            'Knee, and the Universal Scalability Law by connections',
            tableOf('Knees and fits', curveTable(measured), tableNotes.curves),
          )}
          ${section(
            'costs',
            'One request, and what workers cost each other',
            tableOf('Costs', costTable(measured), tableNotes.costs),
          )}
          ${
            growth.length === 0
              ? null
              : section(
                  'growth',
                  'What the table costs',
                  drawings(growthCharts(measured), 'growth'),
                  tableOf('Growth', growthTable(measured), tableNotes.growth),
                )
          }
          ${section(
            'notes',
            'How to read this',
            html`<ul>
              ${capacityNotes(measured).map((text) => html`<li>${text}</li>`)}
            </ul>`,
          )}
        </main>
        <footer>keystone-cutover ${version} · started ${startedAt}</footer>
      </body>
    </html> `.text
}
