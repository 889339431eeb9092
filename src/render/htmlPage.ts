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
}

/** Nothing may be loaded from anywhere, whatever a scenario's text tries. */
const policy =
  "default-src 'none'; script-src 'unsafe-inline'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"

/** The page as the text of an HTML file. */
export function htmlPage(page: HtmlPage, assets: HtmlAssets): string {
  return html`<!doctype html>
    <html lang="en">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <meta http-equiv="Content-Security-Policy" content="${policy}" />
        <meta name="generator" content="keystone-cutover ${page.version}" />
        <title>${page.title}</title>
        <style>
          ${trusted(assets.uplotStyle)}${trusted(reportStyle)}
        </style>
      </head>
      <body>
        ${page.head}
        <main>${page.main}</main>
        ${page.foot}
        <script>
          ${trusted(scriptText(assets.uplotScript))}
        </script>
        <script>
          ${trusted(scriptText(page.script))}
        </script>
      </body>
    </html> `.text
}
