// The report's style sheet: light and dark, screen and paper, and colours that colour-blind readers tell apart.
// The series colours are those of Okabe and Ito, "Color Universal Design" (2008), with yellow darkened on white;
// a ninth class and more get colours of Paul Tol's muted set.
import { bandWords } from './bands.js'
import { coloursMost } from './palette.js'

const light = {
  page: '#ffffff',
  panel: '#f6f7f9',
  ink: '#16191d',
  muted: '#59616b',
  grid: '#dfe3e8',
  axis: '#aab2bc',
  pass: '#00704f',
  fail: '#b23a00',
  unsure: '#7a5200',
  mixed: 'rgba(204, 121, 167, 0.35)',
  dual: 'rgba(0, 158, 115, 0.13)',
  fault: 'rgba(213, 94, 0, 0.13)',
  downtime: '#b23a00',
  slow: '#b8860b',
  lapse: 'rgba(120, 130, 145, 0.14)',
  veil: 'rgba(246, 247, 249, 0.82)',
  calm: '#c9d3de',
  'rows-fill': 'rgba(0, 114, 178, 0.16)',
  'event-cutover': '#9b3d78',
  'event-restart': '#00704f',
  'event-keys': '#59616b',
  'event-flush': '#59616b',
  'event-other': '#59616b',
  'event-fault': '#b23a00',
  'series-1': '#0072b2',
  'series-2': '#e69f00',
  'series-3': '#009e73',
  'series-4': '#cc79a7',
  'series-5': '#56b4e9',
  'series-6': '#d55e00',
  'series-7': '#b8a700',
  'series-8': '#666666',
  'series-9': '#882255',
  'series-10': '#999933',
  'series-11': '#ddcc77',
  'series-12': '#332288',
}

const dark: typeof light = {
  page: '#14171b',
  panel: '#1d2126',
  ink: '#e8eaed',
  muted: '#a3abb5',
  grid: '#343a42',
  axis: '#59626d',
  pass: '#4fd1a5',
  fail: '#ff9a66',
  unsure: '#f0c860',
  mixed: 'rgba(204, 121, 167, 0.35)',
  dual: 'rgba(31, 191, 146, 0.16)',
  fault: 'rgba(230, 120, 40, 0.16)',
  downtime: '#ff9a66',
  slow: '#f0c860',
  lapse: 'rgba(170, 180, 195, 0.12)',
  veil: 'rgba(29, 33, 38, 0.8)',
  calm: '#4a535e',
  'rows-fill': 'rgba(86, 180, 233, 0.2)',
  'event-cutover': '#e5a5cb',
  'event-restart': '#4fd1a5',
  'event-keys': '#a3abb5',
  'event-flush': '#a3abb5',
  'event-other': '#a3abb5',
  'event-fault': '#ff9a66',
  'series-1': '#3d9fdc',
  'series-2': '#e69f00',
  'series-3': '#1fbf92',
  'series-4': '#cc79a7',
  'series-5': '#8ccbf0',
  'series-6': '#ee7733',
  'series-7': '#f0e442',
  'series-8': '#a0a0a0',
  'series-9': '#c2558d',
  'series-10': '#b5b55a',
  'series-11': '#e8dca0',
  'series-12': '#8e86d9',
}

const variables = (colours: Readonly<Record<string, string>>): string =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';')

const seriesRules = Array.from({ length: coloursMost }, (_, i) => i + 1)
  .map((n) => `.line.colour-${n}{stroke:var(--series-${n})}.area.colour-${n}{fill:var(--series-${n})}`)
  .join('')

const markRules = ['cutover', 'restart', 'keys', 'flush', 'other', 'fault']
  .map((kind) => `line.mark-${kind}{stroke:var(--event-${kind})}text.mark-${kind}{fill:var(--event-${kind})}`)
  .join('')

const bandRules = Object.keys(bandWords)
  .map((kind) => `.band-${kind}{fill:var(--${kind})}`)
  .join('')

/** The style sheet, to stand after that of the chart library. */
export const reportStyle = `
:root{color-scheme:light dark;${variables(light)}}
@media (prefers-color-scheme:dark){@media screen{:root{${variables(dark)}}}}
*{box-sizing:border-box}
body{margin:0;background:var(--page);color:var(--ink);font:15px/1.5 system-ui,sans-serif}
main,header,footer{max-width:1200px;margin:0 auto;padding:0 24px}
h1{font-size:24px;margin:24px 0 4px;line-height:1.25;overflow-wrap:anywhere}
h2{font-size:19px;margin:32px 0 6px}
h3{font-size:15px;margin:0 0 2px}
p{margin:4px 0 10px;max-width:85ch}
.muted,small{color:var(--muted)}
.verdict{display:inline-block;font-size:15px;font-weight:700;letter-spacing:.04em;padding:2px 10px;border-radius:4px;border:2px solid currentColor;margin-right:10px;vertical-align:3px}
.verdict.pass{color:var(--pass)}.verdict.fail{color:var(--fail)}.verdict.inconclusive{color:var(--unsure)}
.reasons{margin:8px 0 14px;padding-left:22px;max-width:none}
.reasons li{margin:3px 0}
.figures{display:grid;grid-template-columns:repeat(auto-fit,minmax(148px,1fr));gap:8px;margin:14px 0;padding:0}
.figures div{background:var(--panel);border-radius:6px;padding:7px 10px}
.figures dt{color:var(--muted);font-size:13px}
.figures dd{margin:0;font-size:16.5px;font-weight:650;white-space:nowrap;font-variant-numeric:tabular-nums;line-height:1.3}
.figures dd small{display:block;font-size:12.5px;font-weight:400;line-height:1.35;white-space:normal}
.runs{display:flex;flex-wrap:wrap;gap:4px 8px;margin:6px 0}.runs svg{vertical-align:middle;margin-right:6px}.runs button[aria-pressed]{color:var(--ink);background:none;border-color:transparent;cursor:default;padding:3px 6px}.live .runs button{border-color:var(--grid);cursor:pointer}.runs button[aria-pressed=false]{color:var(--muted);background:none;text-decoration:line-through}
.plan{fill:none;stroke:var(--muted);stroke-width:1.5}.plan.chosen{fill:var(--series-1);stroke:var(--ink)}
.controls{display:none;gap:4px 18px;flex-wrap:wrap;align-items:center;position:sticky;top:0;background:var(--page);padding:8px 0;z-index:200}
.live .controls{display:flex}
.controls span{display:inline-flex;flex-wrap:wrap;gap:4px;align-items:center}
button{font:inherit;font-size:13.5px;padding:3px 11px;border:1px solid var(--muted);border-radius:5px;background:var(--page);color:var(--ink);cursor:pointer}
button[aria-pressed=true]{background:var(--ink);color:var(--page);border-color:var(--ink)}
button:focus-visible,summary:focus-visible,.scroll:focus-visible,.plot:focus-visible,.u-legend th:focus-visible{outline:3px solid var(--series-1);outline-offset:2px}
figure{margin:14px 0 22px;background:var(--panel);border-radius:6px;padding:10px 12px}
figcaption{margin-bottom:4px}
figcaption p{font-size:13px;color:var(--muted);margin:0;max-width:none}
.plot{display:none}.live .plot{display:block;min-height:240px}
.live .still,.live .still-note{display:none}
.still{width:100%;height:auto;font:11px system-ui,sans-serif}
.still text,.drawn text{fill:var(--ink)}.drawn{width:100%;height:auto;font:11px system-ui,sans-serif}.drawn text.strong{font-weight:650}.curves{display:flex;flex-wrap:wrap;gap:8px 24px}.curve{max-width:480px;flex:1 1 320px}.swatch{width:14px;height:10px;margin:0 5px 0 6px}
.heat{fill:var(--series-1)}.shade-1{fill-opacity:.62}.shade-2{fill-opacity:.36}.shade-3{fill-opacity:.2}.shade-4{fill-opacity:.1}
.key-staged{fill:none;stroke:var(--muted);stroke-width:1}.key-primary{fill:var(--series-1)}.key-secondary{fill:var(--series-1);fill-opacity:.35}.key-tokens{fill:var(--series-3)}.key-lost{fill:var(--fail)}.run-end{stroke:var(--ink);stroke-width:1.5}
.still text{fill:var(--ink)}.still text.muted{fill:var(--muted)}
.grid{stroke:var(--grid);stroke-width:1}
.line{fill:none;stroke-width:1.5}.thick{stroke-width:4}.dashed{stroke-dasharray:4 3}.dotted{stroke-dasharray:1.5 2.5}
.area{stroke:none}.hatch{stroke:var(--panel);stroke-width:1.4;fill:none}.pale{fill-opacity:.16}
${bandRules}
.mark{stroke-width:1;stroke-dasharray:5 3}
${seriesRules}${markRules}
.u-legend{font-size:13px;text-align:left}.u-legend th{font-weight:500}.u-legend .u-value{font-variant-numeric:tabular-nums;min-width:4.5em;display:inline-block}
.u-legend .u-marker{width:auto;height:auto}.u-marker:empty{width:1em;height:1em}.u-legend th,.u-legend td{border:0;background:none}
.u-select{background:var(--lapse)}
.key{display:inline-block;width:14px;height:10px;border-radius:2px;margin:0 5px 0 6px;vertical-align:0}
figcaption p+p,.bands{font-size:13px;color:var(--muted);max-width:none}.bands>span{white-space:nowrap;margin-right:6px}
.scroll{overflow-x:auto}.data .n{white-space:nowrap}
table.data{border-collapse:collapse;font-size:14px;font-variant-numeric:tabular-nums;margin:6px 0 14px;min-width:min(100%,560px)}
.data th,.data td{padding:4px 12px 4px 0;border-bottom:1px solid var(--grid);text-align:left;vertical-align:top}
.data td.n,.data th.n{text-align:right}
.data thead th{color:var(--muted);font-weight:600;font-size:13px}
.data tbody th{font-weight:500}
.data tr.part th{padding-left:20px;font-weight:400;color:var(--muted)}
.data tr.sum th,.data tr.sum td{font-weight:650}
.data .bad{color:var(--fail);font-weight:650}.data .good{color:var(--pass);font-weight:650}.data .unsure{color:var(--unsure);font-weight:650}
pre{background:var(--panel);padding:10px 14px;border-radius:6px;overflow-x:auto;font:13px/1.45 ui-monospace,monospace;white-space:pre-wrap;overflow-wrap:anywhere}
summary{cursor:pointer;font-weight:600}
footer{margin:40px auto 24px;color:var(--muted);font-size:13px}
@media (max-width:640px){main,header,footer{padding:0 12px}.scroll>.drawn{min-width:680px}}
@media print{
main,header,footer{max-width:none}
.live .controls,.live .plot{display:none}
.live .still,.live .still-note{display:block}
figure,table.data,.figures div{break-inside:avoid}
h2{break-after:avoid}
*{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`
