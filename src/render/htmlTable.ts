// A table of the report and the section around it: captions for the ear, heads for columns and rows, a place in the tab order.
// Every section of the page is made of these, so that all of them are read and scrolled alike.
import { html, type Fragment, type SafeHtml } from './safeHtml.js'

export interface Column {
  readonly title: string
  readonly figure?: boolean
}

export const words = (title: string): Column => ({ title })
export const figures = (title: string): Column => ({ title, figure: true })

export interface Row {
  readonly cells: readonly Fragment[]
  readonly style?: string
}

/** A table whose first cells are the heads of their rows. */
export function table(caption: string, columns: readonly Column[], rows: readonly Row[]): SafeHtml {
  const kind = (column: number): string => (columns[column]?.figure === true ? 'n' : '')
  return html`<div class="scroll" role="region" aria-label="${caption}" tabindex="0">
    <table class="data" aria-label="${caption}">
      <thead>
        <tr>
          ${columns.map((column, i) => html`<th scope="col" class="${kind(i)}">${column.title}</th>`)}
        </tr>
      </thead>
      <tbody>
        ${rows.map(
          (row) =>
            html`<tr class="${row.style ?? ''}">
              ${row.cells.map((cell, i) =>
                i === 0
                  ? html`<th scope="row" class="${kind(i)}">${cell}</th>`
                  : html`<td class="${kind(i)}">${cell}</td>`,
              )}
            </tr> `,
        )}
      </tbody>
    </table>
  </div>`
}

export const section = (id: string, title: string, ...content: readonly Fragment[]): SafeHtml =>
  html`<section aria-labelledby="${id}">
    <h2 id="${id}">${title}</h2>
    ${content}
  </section> `
