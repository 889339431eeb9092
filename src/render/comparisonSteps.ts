// What each run did and when: a lane of marks for each, and the steps as they were applied.
// It exists because what is restarted, and when, decides how long a strategy hurts.
import { zeroOf } from './alignment.js'
import type { ComparisonView, ShownRun } from './comparisonView.js'
import { figures, section, table, words, type Row } from './htmlTable.js'
import { html, type SafeHtml } from './safeHtml.js'
import { plain, relativeTime, clockTime } from './text.js'

/** A section with the steps of every run, each with the way to its own report. */
export function stepsSection(view: ComparisonView): SafeHtml {
  return section(
    'steps',
    'What was done, and when',
    html`<p>Steps as they were applied, in time from the switch; beside it the time of the run.</p>`,
    view.runs.map((run) => stepsOf(run)),
  )
}

function stepsOf({ name, curves, report }: ShownRun): SafeHtml {
  const zero = zeroOf(curves)
  const rows = curves.steps.map(({ label, startedSec, endedSec, ok, note }): Row => ({
    cells: [
      plain(label),
      relativeTime(startedSec - zero.atSec),
      clockTime(startedSec),
      clockTime(endedSec),
      html`${ok ? 'done' : html`<span class="bad">failed</span>`}${note === '' ? null : `: ${plain(note)}`}`,
    ],
  }))
  const from = zero.at === 'switch' ? 'From the switch' : 'From the start'
  return html`<h3>${plain(name)}</h3>
    <p class="muted">
      ${plain(curves.description)}${report === null ? null : html` <a href="${report}">Its own report</a>`}
    </p>
    ${rows.length === 0 ? html`<p>Nothing was done.</p>` : table(`Steps of ${plain(name)}`, [words('Step'), figures(from), figures('Started'), figures('Ended'), words('Result')], rows)}`
}
