// The page of a run that goes on: where it stands, what the operator may do, and below that the report as it is so far.
// It is made of the report's own sections, so that nothing changes its place when the run ends.
import { figureList, reportSections } from './html.js'
import { htmlPage, type HtmlAssets } from './htmlPage.js'
import { pageData } from './page/pageData.js'
import { livePageScript } from './page/pageScript.js'
import { html, type SafeHtml } from './safeHtml.js'
import { soFar } from './story.js'
import { clockTime, count, figure, plain } from './text.js'
import type { ReportView } from './view.js'

/** What a run is doing right now. */
export interface LiveMoment {
  readonly scenario: string
  readonly version: string
  /** What is being done where that is not the run itself: `seeding: 20,000 of 300,000 rows`. */
  readonly work: string | null
  /** Null before the first request. */
  readonly run: {
    readonly nowSec: number
    readonly durationSec: number
    /** Scenario seconds in a real second; null where time jumps. */
    readonly speed: number | null
    readonly calls: number
  } | null
  /** Steps of the timeline that wait for the operator. */
  readonly manual: readonly { readonly number: number; readonly label: string; readonly latestSec: number }[]
}

/** A page of a run that goes on. */
export interface LivePage {
  readonly moment: LiveMoment
  /** Null while there is no interval to draw. */
  readonly view: ReportView | null
  /** How much of the record stands on it. */
  readonly seen: number
}

const liveStyle = `
.verdict.going{color:var(--series-1)}
progress{width:100%;height:10px;accent-color:var(--series-1)}
.operator{display:flex;flex-wrap:wrap;gap:8px;align-items:center;margin:10px 0}
.operator button{font-size:15px;padding:5px 14px}
.operator .stop{color:var(--fail);border-color:currentColor}
#connection{font-size:13px;color:var(--muted);min-height:1.5em;margin:0}
@media print{.live .plot{display:block!important}.live .still,.live .still-note,.operator{display:none!important}}
`

/** The whole page. `nonce`: a word that only this answer of the server has. */
export function renderLive(page: LivePage, assets: HtmlAssets, nonce: string): string {
  const { moment, view, seen } = page
  const settings = { kind: view === null ? 'waiting' : 'charts', seen } as const
  return htmlPage(
    {
      ...parts(page),
      title: `LIVE · ${plain(moment.scenario)} · cutover rehearsal`,
      version: moment.version,
      script: livePageScript(view === null ? null : pageData(view), settings),
      nonce,
    },
    { ...assets, uplotStyle: `${assets.uplotStyle}${liveStyle}` },
  )
}

/** What stands on the page, for one that is open already. */
export function renderLiveBody(page: LivePage): string {
  const { head, main, foot } = parts(page)
  return html`<div id="page">
    ${head}
    <main>${main}</main>
    ${foot}
  </div>`.text
}

const parts = ({ moment, view }: LivePage) => ({
  head: html`<header>
    <h1><span class="verdict going">LIVE</span>${moment.scenario}: ${standing(moment)}</h1>
    <p class="muted">${view?.header.description ?? ''}</p>
    ${progress(moment)}
    <div class="operator" role="group" aria-label="What the operator can do">
      ${moment.manual.map(
        ({ number, label, latestSec }) =>
          html`<button type="button" id="trigger-${number}" data-action="/trigger/${number}">${label}</button
            ><small id="latest-${number}">done at ${clockTime(latestSec)} in any case</small> `,
      )}
      ${stopButton}
    </div>
    <p id="connection" role="status" data-own=""></p>
    ${view === null ? null : happened(view)}
  </header>`,
  main: view === null ? html`` : reportSections(view),
  foot: html`<footer>keystone-cutover ${moment.version}</footer>`,
})

const stopButton = html`<button
  type="button"
  class="stop"
  id="stop"
  data-action="/stop"
  data-sure="Stop the run? What was measured is reported."
>
  Stop the run
</button>`

/** Where the run stands, in a few words. */
function standing({ run, work }: LiveMoment): string {
  if (work !== null) return `${work}.`
  if (run === null) return 'the world is being started.'
  const speed = run.speed === null || run.speed === 1 ? '' : ` at ${figure(run.speed)} times real speed`
  return `${clockTime(run.nowSec)} of ${clockTime(run.durationSec)}${speed}.`
}

function progress({ run }: LiveMoment): SafeHtml | null {
  if (run === null) return null
  const share = Math.max(0, Math.min(1, run.nowSec / run.durationSec))
  return html`<progress
    max="100"
    value="${(100 * share).toFixed(1)}"
    aria-label="Scenario time, per cent of the run"
  ></progress>`
}

const happened = (view: ReportView): SafeHtml =>
  html`<ul class="reasons">
      ${soFar(view).map((each) => html`<li>${each}</li>`)}
    </ul>
    ${figureList(view)}
    <p class="muted">
      Of ${count(view.intervals)} intervals so far: where a table says “the end”, that is now, and gates are
      judged for good when the run has ended.
    </p>`
