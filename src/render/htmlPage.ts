// What every page is wrapped in: one document that carries its styles and scripts, and may load nothing.
// It exists so that a report and a comparison are shut off from the network in the same way.
import { reportStyle } from './htmlStyle.js'
import { html, scriptText, trusted, type SafeHtml } from './safeHtml.js'

/** The chart library's own files, read by who calls: `dist/uPlot.iife.min.js` and `dist/uPlot.min.css` of uPlot. */
export interface HtmlAssets {
  readonly uplotScript: string
  readonly uplotStyle: string
}

export interface HtmlPage {
  readonly title: string
  /** Of this program. */
  readonly version: string
  readonly head: SafeHtml
  readonly main: SafeHtml
  readonly foot: SafeHtml
  /** Runs when the document is there, after the chart library. */
  readonly script: string
  /** Of a page that a server gives out: the word by which its own scripts are known, and no others. It may ask that server. */
  readonly nonce?: string
}

/** Nothing may be loaded from anywhere, whatever a scenario's text tries. */
export const pagePolicy = (nonce?: string): string =>
  [
    "default-src 'none'",
    nonce === undefined ? "script-src 'unsafe-inline'" : `script-src 'nonce-${nonce}'; connect-src 'self'`,
    "style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'",
  ].join('; ')

/** The page as the text of an HTML file. */
export function htmlPage(page: HtmlPage, assets: HtmlAssets): string {
  const known = page.nonce === undefined ? null : html` nonce="${page.nonce}"`
  const script = (source: string): SafeHtml =>
    html`<script${known}>
      ${trusted(scriptText(source))}
    </script>`
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${pagePolicy(page.nonce)}" />
        <meta name="generator" content="keystone-cutover ${page.version}" />
        <title>${page.title}</title>
        <style>
          ${trusted(assets.uplotStyle)}${trusted(reportStyle)}
        </style>
      </head>
      <body>
        <div id="page">
          ${page.head}
          <main>${page.main}</main>
          ${page.foot}
        </div>
        ${script(assets.uplotScript)} ${script(page.script)}
      </body>
    </html> `.text
}
