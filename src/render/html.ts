// A run as one HTML file that needs nothing beside it: opened from a mail, a share or a ticket it shows everything.
// First the verdict and its reasons, then the charts, then the figures behind them, then how to run it again.
import { chartSection } from './htmlCharts.js'
import { classSection } from './htmlClasses.js'
import { reportStyle } from './htmlStyle.js'
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
import { html, scriptText, trusted, type SafeHtml } from './safeHtml.js'
import { headline, keyFigures, reasons } from './story.js'
import { bytes, count, counted, duration, plain } from './text.js'
import type { ReportView } from './view.js'

/** The chart library's own files, read by who calls: `dist/uPlot.iife.min.js` and `dist/uPlot.min.css` of uPlot. */
export interface HtmlAssets {
  readonly uplotScript: string
  readonly uplotStyle: string
}

/** Nothing may be loaded from anywhere, whatever a scenario's text tries. */
const policy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

/** The whole report as the text of an HTML file. */
export function renderHtml(view: ReportView, assets: HtmlAssets): string {
  const { header, summary } = view
  const title = `${summary.verdict.toUpperCase()} · ${plain(header.scenario)} · cutover rehearsal`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="generator" content="keystone-cutover ${header.version}" />
        <title>${title}</title>
        <style>
          ${trusted(assets.uplotStyle)}${trusted(reportStyle)}
        </style>
      </head>
      <body>
        ${pageHead(view)}
        <main>
          ${chartSection(view)}
          ${peakSection(view)}${faultSection(view)}${classSection(view)}${latencySection(view)}${keySection(view)}${gateSection(view)}${timelineSection(view)}${generatorSection(view)}${again(view)}
        </main>
        ${foot(view)}
        <script>
          ${trusted(scriptText(assets.uplotScript))}
        </script>
        <script>
          ${trusted(scriptText(pageScript(pageData(view))))}
        </script>
      </body>
    </html> `.text
}

function pageHead(view: ReportView): SafeHtml {
  const { header, summary } = view
  return html`<header>
    <h1>
      <span class="verdict ${summary.verdict}">${summary.verdict.toUpperCase()}</span>${header.scenario}:
      ${headline(view)}
    </h1>
    <p class="muted">${header.description}</p>
    <ul class="reasons">
      ${reasons(view).map((reason) => html`<li>${reason}</li>`)}
    </ul>
    <dl class="figures">
      ${keyFigures(view).map(
        (each) =>
          html`<div>
            <dt>${each.label}</dt>
            <dd>${each.value}<small>${each.note}</small></dd>
          </div>`,
      )}
    </dl>
  </header>`
}

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
