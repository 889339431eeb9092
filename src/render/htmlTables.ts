// The tables of the report: peaks, response times, timeline, gates, generator.
// Each section says in a sentence how its figures are to be read.
import { heatMap, percentileCurves, shadeKey } from './heatMap.js'
import { faultHeads, faultNotes, faultRows } from './faults.js'
import { generatorLoad } from './generatorLoad.js'
import { figures, section, table, words, type Row } from './htmlTable.js'
import { html, type SafeHtml } from './safeHtml.js'
import { gateValue, hasSwitched, latencyTitle, peakSentence, windowName } from './story.js'
import { aboutDuration, clockTime, count, duration, milliseconds, rate } from './text.js'
import type { LatencyRow, ReportView, ViewEvent } from './view.js'

export function peakSection(view: ReportView): SafeHtml {
  const { peaks } = view.summary.rejections
  if (peaks.length === 0)
    return section(
      'peaks',
      'Peaks of refusals',
      html`<p>None: no class had a stretch in which its refusals stood out.</p>`,
    )
  const rows = peaks.map((peak, i): Row => ({
    cells: [
      `${i + 1}. ${peak.class}`,
      clockTime(peak.fromSec),
      clockTime(peak.toSec),
      aboutDuration(peak.toSec - peak.fromSec),
      count(peak.total),
      rate(peak.peakPerSec),
      clockTime(peak.peakAtSec),
    ],
  }))
  return section(
    'peaks',
    'Peaks of refusals',
    html`<ol>
      ${peaks.map((peak) => html`<li>${peakSentence(peak, view.stretches)}</li>`)}
    </ol>`,
    table(
      'Peaks of refusals',
      [
        words('Peak'),
        figures('From'),
        figures('To'),
        figures('Lasted'),
        figures('Refused'),
        figures('Highest'),
        figures('At'),
      ],
      rows,
    ),
  )
}

export function latencySection(view: ReportView): SafeHtml {
  const rows = view.latencyRows.flatMap((row: LatencyRow): Row[] =>
    (
      [
        ['before', row.before],
        ['during', row.during],
        ['after', row.after],
      ] as const
    ).flatMap(([when, window]) =>
      window.count === 0
        ? []
        : [
            {
              cells: [
                row.op,
                windowName(view, when),
                count(window.count),
                ...[window.p50Ms, window.p95Ms, window.p99Ms, window.maxMs].map(milliseconds),
              ],
            },
          ],
    ),
  )
  const warmup = `without the first ${duration(view.header.warmupSec)}, in which caches fill`
  const note = hasSwitched(view)
    ? html`<p>
        Whole windows: before the first backend switched (${warmup}), while backends switched, and after the
        last one had. What was measured in a time-lapse is in none of them. “During” and the map below are put
        together from p50, p95, p99 and the highest of each interval; in the map the faster half of an
        interval stands at its median.
      </p>`
    : html`<p>
        No backend has switched, so there is no before and after: this is the whole run (${warmup}, and
        without a time-lapse). In the map the faster half of an interval stands at its median.
      </p>`
  if (rows.length === 0) {
    return section('latency', latencyTitle(view), html`<p>Nothing was measured in either window.</p>`)
  }
  const columns = [
    words('Operation'),
    words('Window'),
    figures('Requests'),
    figures('p50'),
    figures('p95'),
    figures('p99'),
    figures('Highest'),
  ]
  return section(
    'latency',
    latencyTitle(view),
    note,
    html`<div class="curves">
      ${view.latencyRows.filter(({ op }) => op === 'validate' || op === 'issue').map((row) => percentileCurves(view, row))}
    </div>`,
    table(latencyTitle(view), columns, rows),
    view.latencyGrids.length === 0
      ? null
      : html`<h3>How response times were spread over time</h3>
          <p class="bands">Share of the responses of that time: ${shadeKey()}</p>
          ${view.latencyGrids.map(
            (grid) =>
              html`<figure>
                <figcaption><h3>${grid.op}</h3></figcaption>
                <div
                  class="scroll"
                  role="region"
                  aria-label="Response times of ${grid.op} over time"
                  tabindex="0"
                >
                  ${heatMap(view, grid)}
                </div>
              </figure>`,
          )}`,
  )
}

export function gateSection(view: ReportView): SafeHtml {
  const { gates } = view.summary
  if (gates.length === 0) return section('gates', 'Gates', html`<p>None were set, so nothing was judged.</p>`)
  const style = { pass: 'good', fail: 'bad', 'no-data': 'unsure' } as const
  const rows = gates.map((gate): Row => ({
    cells: [
      html`<code>${gate.gate}</code>`,
      html`<span class="${style[gate.result]}">${gate.result}</span>`,
      gateValue(gate.observed, gate.unit),
      gateValue(gate.limit, gate.unit),
      gate.note,
    ],
  }))
  return section(
    'gates',
    'Gates',
    table(
      'Gates and what was observed',
      [words('Gate'), words('Result'), figures('Observed'), figures('Limit'), words('Note')],
      rows,
    ),
  )
}

/** Each fault with what it did, in the terms of OpenStack's reliability reports. Nothing where there was none. */
export function faultSection(view: ReportView): SafeHtml | null {
  const rows = faultRows(view)
  if (rows.length === 0) return null
  const columns = faultHeads.map((title, i) =>
    (i === 1 || i === 8 ? words : figures)(title.charAt(0).toUpperCase() + title.slice(1)),
  )
  return section(
    'faults',
    'Faults, and what they did',
    html`<p>
      Downtime is the time in which more requests went wrong than before the fault; recovery is how long it
      took until they went well again and as quickly as before; degradation is the mean response time of
      Keystone while it was slow, against that before. With 95 % intervals.
    </p>`,
    table(
      'Faults and their effects',
      columns,
      rows.map((cells): Row => ({ cells })),
    ),
    faultNotes(view, { degradation: false }).map((note) => html`<p class="muted">${note}</p>`),
  )
}

export function timelineSection(view: ReportView): SafeHtml {
  const { events } = view
  if (events.length === 0)
    return section(
      'timeline',
      'Timeline',
      html`<p>Nothing happened in the part of the run that was recorded.</p>`,
    )
  const columns = [
    words('Step'),
    words('From'),
    figures('Due'),
    figures('Started'),
    figures('Ended'),
    figures('Took'),
    words('Result'),
  ]
  const row = (event: ViewEvent): Row => ({
    cells: [
      event.label,
      { scenario: 'scenario', clock: 'the clock', fault: 'a fault' }[event.origin],
      clockTime(event.dueSec),
      clockTime(event.startedSec),
      clockTime(event.endedSec),
      milliseconds(event.tookMs),
      html`${event.ok ? 'done' : html`<span class="bad">failed</span>`}${event.note === '' ? null : `: ${event.note}`}`,
    ],
  })
  const own = events.filter((event) => event.origin !== 'clock' || !event.ok)
  const clock = events.filter((event) => event.origin === 'clock' && event.ok)
  return section(
    'timeline',
    'Timeline, as asked for and as it was',
    html`<p>
      Due, started and ended are scenario time; “took” is real
      time${view.header.world === 'simulated' ? ' of the simulation’s clock' : ''}.
    </p>`,
    own.length === 0 ? null : table('Steps of the timeline', columns, own.map(row)),
    clock.length === 0
      ? null
      : html`<details>
          <summary>${count(clock.length)} more that the clock did by itself</summary>
          ${table('Periodic steps', columns, clock.map(row))}
        </details>`,
  )
}

export function generatorSection(view: ReportView): SafeHtml {
  const { generator } = view.summary
  const { latenessLimitMs } = view.header
  if (view.summary.requests.total === 0) {
    return section(
      'generator',
      'Was the load generator good enough?',
      html`<p>Nothing was sent, so nothing is known of it.</p>`,
    )
  }
  const late = generator.latenessP99Ms > latenessLimitMs
  const load = generatorLoad(view)
  const starved = load.some(({ holds }) => !holds)
  const rows: Row[] = [
    { cells: ['Late by, p50', milliseconds(generator.latenessP50Ms), ''] },
    {
      cells: [
        'Late by, p99',
        html`<span class="${late ? 'bad' : 'good'}">${milliseconds(generator.latenessP99Ms)}</span>`,
        milliseconds(latenessLimitMs),
      ],
    },
    { cells: ['Late by, at most', milliseconds(generator.latenessMaxMs), ''] },
    { cells: ['Requests shed', count(generator.shed), ''] },
    ...load.map(({ name, observed, allowed, holds }) => ({
      cells: [name, html`<span class="${holds ? 'good' : 'bad'}">${observed}</span>`, allowed],
    })),
  ]
  return section(
    'generator',
    'Was the load generator good enough?',
    html`<p>
      ${late ? 'No: requests were sent later than allowed, so response times of this run are not to be trusted.' : starved ? 'No: the machine did not let it run, so response times of this run are not to be trusted.' : 'Yes: requests were sent when they were due.'}
      Late is how long after its due instant a request was sent; shed is what could not be sent at all.
    </p>`,
    table('Quality of the load generator', [words('Measure'), figures('Observed'), figures('Allowed')], rows),
  )
}
