// A comparison as one HTML file that needs nothing beside it: which way hurts least, the curves over one another, the table.
// It is made of the parts that a run's report is made of, so that both read, print and zoom alike.
import { comparisonCharts } from './comparisonCharts.js'
import { comparisonNotes, comparisonRows } from './comparison.js'
import { searchSection, worldsSection } from './comparisonSearch.js'
import { stepsSection } from './comparisonSteps.js'
import { comparisonFigure, comparisonHeadline, costWords, measureWords } from './comparisonStory.js'
import type { ComparisonView } from './comparisonView.js'
import { htmlPage, type HtmlAssets } from './htmlPage.js'
import { figures, section, table, words, type Row } from './htmlTable.js'
import { comparisonData } from './page/comparisonData.js'
import { comparisonScript } from './page/pageScript.js'
import { html, type SafeHtml } from './safeHtml.js'
import { counted, duration, plain } from './text.js'

/** The whole comparison as the text of an HTML file. */
export function renderComparisonHtml(view: ComparisonView, assets: HtmlAssets): string {
  return htmlPage(
    {
      title: `${plain(view.title)} · cutover comparison`,
      version: view.runs[0]?.curves.version ?? '',
      head: pageHead(view),
      main: html`${searchSection(view)}${comparisonCharts(view)}${tableSection(view)}${worldsSection(view)}${stepsSection(view)}${again(view)}`,
      foot: foot(view),
      script: comparisonScript(comparisonData(view)),
    },
    assets,
  )
}

/** The runs as they are ranked, then those that are not. */
const inOrder = ({ comparison }: ComparisonView) => {
  const { names } = comparison.ranking
  const ranked = names.flatMap((name) => comparison.runs.find((run) => run.name === name) ?? [])
  return [...ranked, ...comparison.runs.filter(({ name }) => !names.includes(name))]
}

function pageHead(view: ComparisonView): SafeHtml {
  const runs = inOrder(view)
  return html`<header>
    <h1>${comparisonHeadline(view)}</h1>
    <p class="muted">${view.title}. ${measureWords(view).join(' ')}</p>
    <dl class="figures">
      ${runs.map((run) => {
        const { label, value, note } = comparisonFigure(view, run)
        return html`<div>
          <dt>${label}</dt>
          <dd>${value}<small>${note}</small></dd>
        </div>`
      })}
    </dl>
    <ul class="reasons">
      ${runs.map((run) => html`<li><b>${plain(run.name)}</b>: ${costWords(view, run)}</li>`)}
      ${comparisonNotes(view.comparison).map((note) => html`<li>${note}</li>`)}
    </ul>
  </header>`
}

/** The table of `cutover compare`, row by row. */
function tableSection({ comparison }: ComparisonView): SafeHtml {
  const rows = comparisonRows(comparison).map(({ label, cell, heading }): Row => {
    const style = heading === true ? 'sum' : label.startsWith(' ') ? 'part' : ''
    return { cells: [label.trim(), ...comparison.runs.map((run) => plain(cell(run)))], style }
  })
  return section(
    'table',
    'All figures',
    table(
      'Figures of every run',
      [words('Figure'), ...comparison.runs.map(({ name }) => figures(plain(name)))],
      rows,
    ),
  )
}

function again({ command, runs }: ComparisonView): SafeHtml {
  return html`<section aria-labelledby="again">
    <h2 id="again">Run it again</h2>
    <p>The comparison:</p>
    <pre>${command}</pre>
    <p>One run alone:</p>
    <pre>${runs.map(({ name, curves }) => `# ${plain(name)}\n${curves.command}\n`)}</pre>
  </section>`
}

function foot({ comparison, runs }: ComparisonView): SafeHtml {
  const each = (pick: (run: (typeof comparison.runs)[number]) => string): string =>
    [...new Set(comparison.runs.map(pick))].join(', ')
  const facts = [
    `keystone-cutover ${runs[0]?.curves.version ?? ''}`,
    counted(runs.length, 'run'),
    `world: ${each(({ world }) => world)}`,
    `seed: ${each(({ seed }) => String(seed))}`,
    `length: ${each(({ scenarioSec }) => duration(scenarioSec))}`,
  ]
  return html`<footer>${facts.join(' · ')}</footer>`
}
