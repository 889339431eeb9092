// A run as one HTML file that needs nothing beside it: opened from a mail, a share or a ticket it shows everything.
// First the verdict and its reasons, then the charts, then the figures behind them, then how to run it again.
import { chartSection } from './htmlCharts.js'
import { classSection } from './htmlClasses.js'
import { htmlPage, type HtmlAssets } from './htmlPage.js'
import {
  faultSection,
  gateSection,
  generatorSection,
  latencySection,
  peakSection,
  timelineSection,
} from './htmlTables.js'
import { keySection } from './keyGantt.js'
import { pageData } from './page/pageData.js'
import { pageScript } from './page/pageScript.js'
import { html, type SafeHtml } from './safeHtml.js'
import { keyFigures } from './keyFigures.js'
import { headline, reasons, worldWords } from './story.js'
import { bytes, count, counted, duration, plain } from './text.js'
import type { ReportView } from './view.js'

export type { HtmlAssets } from './htmlPage.js'

/** The whole report as the text of an HTML file. */
export function renderHtml(view: ReportView, assets: HtmlAssets): string {
  const { header, summary } = view
  return htmlPage(
    {
      title: `${summary.verdict.toUpperCase()} · ${plain(header.scenario)} · cutover rehearsal`,
      version: header.version,
      head: pageHead(view),
      main: reportSections(view),
      foot: foot(view),
      script: pageScript(pageData(view)),
    },
    assets,
  )
}

/** Everything below the head: charts first, then what is behind them. */
export const reportSections = (view: ReportView): SafeHtml =>
  html`${chartSection(view)}
  ${peakSection(view)}${faultSection(view)}${classSection(view)}${latencySection(view)}${keySection(view)}${gateSection(view)}${timelineSection(view)}${generatorSection(view)}${again(view)}`

const sentenceCase = (text: string): string => `${text.charAt(0).toUpperCase()}${text.slice(1)}`

function pageHead(view: ReportView): SafeHtml {
  const { header, summary } = view
  return html`<header>
    <h1>
      <span class="verdict ${summary.verdict}">${summary.verdict.toUpperCase()}</span>${header.scenario}:
      ${headline(view)}
    </h1>
    <p class="muted">${header.description}</p>
    <p class="muted">${sentenceCase(worldWords(view))}.</p>
    <ul class="reasons">
      ${reasons(view).map((reason) => html`<li>${reason}</li>`)}
    </ul>
    ${figureList(view)}
  </header>`
}

/** The figures of the first screen. */
export const figureList = (view: ReportView): SafeHtml =>
  html`<dl class="figures">
    ${keyFigures(view).map(
      (each) =>
        html`<div>
          <dt>${each.label}</dt>
          <dd>${each.value}<small>${each.note}</small></dd>
        </div>`,
    )}
  </dl>`

function again(view: ReportView): SafeHtml {
  return html`<section aria-labelledby="again">
    <h2 id="again">Run it again</h2>
    <pre>${view.header.command}</pre>
    <details>
      <summary>The scenario as it was read</summary>
      <pre>${view.header.scenarioText}</pre>
    </details>
  </section>`
}

function foot(view: ReportView): SafeHtml {
  const { header, summary } = view
  const { machine } = header
  const facts = [
    `keystone-cutover ${header.version}`,
    `${header.world} world, store ${header.store}, seed ${header.seed}`,
    `${counted(header.backends, 'backend')}, tokens valid ${duration(header.expirationSec)}`,
    `started ${header.startedAt}`,
    `${duration(view.coveredSec)} of scenario time in ${duration(summary.wallSec)}`,
    `${count(machine.cpus)} CPUs, ${bytes(machine.memoryBytes)}, Node.js ${machine.node.replace(/^v/, '')}, ${machine.platform}`,
  ]
  return html`<footer>${facts.join(' · ')}</footer>`
}
