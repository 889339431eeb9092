// The result of a search on the page: every plan that was tried, those that none beats, and what both worlds say of the best.
// It exists so that the choice that is left can be seen at a glance, and how far to believe it.
import type { ComparisonView, ShownConfirmation, ShownPlan, ShownSearch } from './comparisonView.js'
import { axisTop } from './charts.js'
import { figures, section, table, words, type Row } from './htmlTable.js'
import { html, type SafeHtml } from './safeHtml.js'
import { difference, settingNames } from './search.js'
import { clockTime, count, counted, duration, figure, plain, share } from './text.js'

const width = 960
const height = 300
const plot = { left: 70, top: 24, right: width - 150, bottom: height - 44 }
const round = (value: number): number => Math.round(value * 10) / 10

/** The plans that none beats: as a drawing over all that were tried, and as a table. */
export function searchSection({ search }: ComparisonView): SafeHtml | null {
  if (search === null) return null
  const { tried, front } = search
  const best = front.flatMap((name) => tried.find((plan) => plan.name === name) ?? [])
  const names = settingNames(best)
  const rows = best.map(({ name, cost, settings }): Row => ({
    cells: [
      plain(name),
      count(cost.refusals),
      duration(cost.durationSec),
      count(cost.writes),
      ...names.map((setting) => plain(settings[setting] ?? '–')),
      plain(settings['steps'] ?? '–'),
    ],
  }))
  return section(
    'front',
    'The choice that is left',
    html`<p>
      Of ${counted(tried.length, 'plan')} these are beaten by none in refusals, duration and writes together;
      tried in ${share(search.share, 1)} of the cloud, so refusals and writes are of that part.
    </p>`,
    scatter(search),
    table(
      'Plans that none beats',
      [
        words('Plan'),
        figures('Refusals'),
        figures('Duration'),
        figures('Writes'),
        ...names.map((name) => figures(name)),
        words('Steps at'),
      ],
      rows,
    ),
  )
}

/** Refusals over duration: a ring for each plan, filled and named where none beats it. */
function scatter({ tried, front }: ShownSearch): SafeHtml {
  const mostSec = axisTop(Math.max(...tried.map(({ cost }) => cost.durationSec)) / 3600)
  const most = axisTop(Math.max(...tried.map(({ cost }) => cost.refusals)))
  const xOf = ({ cost }: ShownPlan): number =>
    round(plot.left + ((plot.right - plot.left) * cost.durationSec) / 3600 / mostSec)
  const yOf = ({ cost }: ShownPlan): number =>
    round(plot.bottom - ((plot.bottom - plot.top) * cost.refusals) / most)
  const ordered = tried.toSorted((a, b) => Number(front.includes(a.name)) - Number(front.includes(b.name)))
  const description = `${counted(front.length, 'plan')} of ${tried.length} are beaten by none; the table below has their figures.`
  return html`<svg
    class="drawn"
    viewBox="0 0 ${width} ${height}"
    role="img"
    aria-label="Refusals over duration of the change, a point for each plan. ${description}"
  >
    ${[0, 1, 2, 3, 4, 5].map((step) => {
      const y = round(plot.bottom - ((plot.bottom - plot.top) * step) / 5)
      const x = round(plot.left + ((plot.right - plot.left) * step) / 5)
      return html`<line class="grid" x1="${plot.left}" x2="${plot.right}" y1="${y}" y2="${y}" /><text
          x="${plot.left - 8}"
          y="${y + 4}"
          text-anchor="end"
          >${figure((most * step) / 5)}</text
        ><line class="grid" x1="${x}" x2="${x}" y1="${plot.top}" y2="${plot.bottom}" /><text
          x="${x}"
          y="${plot.bottom + 16}"
          text-anchor="middle"
          >${figure((mostSec * step) / 5)}</text
        >`
    })}
    <text x="4" y="14">refused requests</text>
    <text x="${plot.right}" y="${plot.bottom + 34}" text-anchor="end">duration of the change, hours</text>
    ${ordered.map((plan) => {
      const chosen = front.includes(plan.name)
      return html`<circle
          class="plan${chosen ? ' chosen' : ''}"
          cx="${xOf(plan)}"
          cy="${yOf(plan)}"
          r="${chosen ? 6 : 4}"
          ><title>
            ${plain(plan.name)}: ${count(plan.cost.refusals)} refused, ${duration(plan.cost.durationSec)},
            ${count(plan.cost.writes)} writes
          </title></circle
        >${chosen ? html`<text class="strong" x="${xOf(plan) + 10}" y="${yOf(plan) + 4}">${plain(plan.name)}</text>` : null}`
    })}
  </svg>`
}

/** Refusals of both worlds, plan by plan. */
export function worldsSection({ confirmed }: ComparisonView): SafeHtml | null {
  if (confirmed.length === 0) return null
  return section('worlds', 'How far to believe the simulation', confirmed.map(worldsOf))
}

function worldsOf({ name, spans, refusals, verdict, reasons }: ShownConfirmation): SafeHtml {
  const when = spans.map(({ fromSec, toSec }) => `${clockTime(fromSec)} to ${clockTime(toSec)}`).join(', ')
  const doubt =
    verdict === 'inconclusive'
      ? html`<p class="bad">The local run is inconclusive: ${plain(reasons.join('; '))}</p>`
      : null
  return html`<h3>${plain(name)} in both worlds</h3>
    <p>Refused requests where both had all of the traffic: ${when}.</p>
    ${doubt}${table(
      `Refused requests of ${plain(name)} in both worlds`,
      [words('Class'), figures('Simulated'), figures('Local'), figures('Difference')],
      refusals.map((each): Row => ({
        cells: [
          plain(each.class),
          count(each.simulated),
          count(each.local),
          difference(each.simulated, each.local),
        ],
      })),
    )}`
}
