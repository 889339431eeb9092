// A figure of a page: title, note, a place for the live chart, and its drawing for print and where no script runs.
// It exists so that every chart of every page is labelled, reached and printed alike.
import { html, type SafeHtml } from './safeHtml.js'
import { drawSvg, type SvgChart } from './svg.js'

export interface FigureParts {
  readonly id: string
  readonly title: string
  readonly note: SafeHtml
  /** What the drawing shows of it. */
  readonly still: string
  readonly chart: SvgChart
  /** A second drawing, of another time. */
  readonly second?: SvgChart
}

/** A chart with its title and note, a place for the live one, and the drawings for where no script runs. */
export function chartFigure(parts: FigureParts): SafeHtml {
  return html`<figure aria-labelledby="figure-${parts.id}">
    <figcaption>
      <h3 id="figure-${parts.id}">${parts.title}</h3>
      <p>${parts.note} <span class="still-note">${parts.still}</span></p>
    </figcaption>
    <div
      class="plot"
      id="live-${parts.id}"
      tabindex="0"
      role="group"
      aria-label="${parts.chart.title}: ${parts.chart.description}"
    ></div>
    ${drawSvg(parts.chart)}${parts.second === undefined ? null : drawSvg(parts.second)}
  </figure> `
}
