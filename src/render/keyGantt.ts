// The life of keys and tokens as a drawing: a row for each key, what it was when, and until when tokens need it.
// An operator reads from it whether rotation and validity fit together: no bar of a key may end before its tokens do.
import { timeTicks } from './charts.js'
import { html, type SafeHtml } from './safeHtml.js'
import { clockTime, count, duration, listed, plain, shortTime } from './text.js'
import type { KeyLife, KeyLives } from '../measure/keyLives.js'
import type { ReportView, Span } from './view.js'

/** Keys that are drawn; of more only the last are, as the first are like them. */
const keysMost = 24

const width = 960
const left = 104
const right = width - 12
const rowHeight = 26

interface Bar extends Span {
  readonly style: 'staged' | 'primary' | 'secondary' | 'tokens' | 'lost'
}

interface Row {
  readonly name: string
  readonly bars: readonly Bar[]
}

/** The section of keys; null where the record does not tell of keys. */
export function keySection(view: ReportView): SafeHtml | null {
  const lives = view.keyLives
  if (lives === null) return null
  const all = lives.keys
  const shown = all.slice(-keysMost)
  const rows = [...uuidRow(lives), ...shown.map((key) => rowOf(key, lives.knownUntilSec))]
  const untilSec = Math.max(view.coveredSec, ...rows.flatMap(({ bars }) => bars.map(({ toSec }) => toSec)))
  const leftOut = all.length - shown.length
  return html`<section aria-labelledby="keys">
    <h2 id="keys">Which key opens which tokens, until when</h2>
    <p>${keySentence(view, lives)}</p>
    <p class="muted">
      Shown are the keys of the repository in which they are rotated. A key is staged first, then primary:
      backends seal with it; then secondary: it only opens. The thin line below a bar is the life of the
      tokens that were sealed with it, to the end of the last one; a key must be there as long. What lies
      beyond the end of the run, the vertical line, follows from the validity of
      tokens.${leftOut > 0 ? ` The ${count(leftOut)} keys before these are left out.` : ''}
    </p>
    <figure>
      <div class="scroll" role="region" aria-label="Keys and tokens over time" tabindex="0">
        ${draw(rows, untilSec, view.coveredSec)}
      </div>
      <p class="bands">
        ${(
          [
            ['staged', 'staged'],
            ['primary', 'primary'],
            ['secondary', 'secondary'],
            ['tokens', 'tokens that need it'],
            ['lost', 'tokens whose key is gone'],
          ] as const
        ).map(
          ([style, words]) =>
            html`<span
              ><svg class="swatch" viewBox="0 0 14 10" aria-hidden="true">
                <rect class="key-${style}" width="14" height="10" /></svg
              >${words}</span
            > `,
        )}
      </p>
    </figure>
  </section>`
}

/** What the drawing says, in a sentence. */
export function keySentence({ header }: ReportView, { keys, fault, knownUntilSec }: KeyLives): string {
  const orphaned = keys.filter(isOrphaned)
  const said =
    orphaned.length === 0
      ? `No key was removed before the last token that it had sealed had ended: tokens are valid for ${duration(header.expirationSec)}, ${count(header.maxActiveKeys ?? 0)} keys may be active.`
      : `Removed too early: ${listed(orphaned.map(({ number }) => `key ${number}`))}. Tokens live up to ${duration(Math.max(...orphaned.map(({ neededUntilSec, lostSec }) => (neededUntilSec ?? 0) - (lostSec ?? 0))))} longer than the key that opens them; ${count(header.maxActiveKeys ?? 0)} active keys are too few for this rotation.`
  return fault === null
    ? said
    : `${said} Known only until ${clockTime(knownUntilSec)}, when a fault changed the keys (${plain(fault)}).`
}

const isOrphaned = ({ neededUntilSec, lostSec }: KeyLife): boolean =>
  neededUntilSec !== null && lostSec !== null && lostSec < neededUntilSec

function uuidRow({ uuid }: KeyLives): Row[] {
  if (uuid === null) return []
  return [
    {
      name: 'UUID tokens',
      bars: [
        { style: 'primary', fromSec: 0, toSec: uuid.issuedUntilSec },
        { style: 'tokens', fromSec: 0, toSec: uuid.validUntilSec },
      ],
    },
  ]
}

function rowOf(key: KeyLife, untilSec: number): Row {
  const endSec = key.removedSec ?? untilSec
  const bars: Bar[] = [{ style: 'staged', fromSec: key.stagedSec, toSec: key.primarySec ?? endSec }]
  if (key.primarySec !== null)
    bars.push({ style: 'primary', fromSec: key.primarySec, toSec: key.secondarySec ?? endSec })
  if (key.secondarySec !== null) bars.push({ style: 'secondary', fromSec: key.secondarySec, toSec: endSec })
  if (key.seals !== null && key.neededUntilSec !== null) {
    const openSec = Math.min(key.neededUntilSec, key.lostSec ?? Infinity)
    bars.push({ style: 'tokens', fromSec: key.seals.fromSec, toSec: openSec })
    if (openSec < key.neededUntilSec)
      bars.push({ style: 'lost', fromSec: openSec, toSec: key.neededUntilSec })
  }
  return { name: `key ${key.number}`, bars: bars.filter(({ fromSec, toSec }) => toSec > fromSec) }
}

function draw(rows: readonly Row[], untilSec: number, endSec: number): SafeHtml {
  const span: Span = { fromSec: 0, toSec: Math.max(1, untilSec) }
  const bottom = 8 + rows.length * rowHeight
  const xOf = (sec: number): number => Math.round((left + ((right - left) * sec) / span.toSec) * 10) / 10
  const words = rows.map(
    ({ name, bars }) =>
      `${name}: ${bars.map(({ style, fromSec, toSec }) => `${style === 'lost' ? 'tokens without their key' : style} ${clockTime(fromSec)} to ${clockTime(toSec)}`).join(', ')}`,
  )
  return html`<svg
    class="drawn"
    viewBox="0 0 ${width} ${bottom + 24}"
    role="img"
    aria-label="${words.join('; ')}"
  >
    ${timeTicks(span, 9).map(
      (tick) =>
        html`<line class="grid" x1="${xOf(tick)}" x2="${xOf(tick)}" y1="4" y2="${bottom}" /><text
            x="${xOf(tick)}"
            y="${bottom + 16}"
            text-anchor="middle"
            >${shortTime(tick)}</text
          >`,
    )}
    ${rows.map(({ name, bars }, i) => {
      const y = 8 + i * rowHeight
      return html`<text x="${left - 8}" y="${y + 13}" text-anchor="end">${name}</text>${bars.map(
          ({ style, fromSec, toSec }) => {
            const thin = style === 'tokens' || style === 'lost'
            return html`<rect
              class="key-${style}"
              x="${xOf(fromSec)}"
              y="${thin ? y + 16 : y + 2}"
              width="${Math.max(1, Math.round((xOf(toSec) - xOf(fromSec)) * 10) / 10)}"
              height="${style === 'lost' ? 8 : thin ? 4 : 12}"
            />`
          },
        )}`
    })}
    <line class="run-end" x1="${xOf(endSec)}" x2="${xOf(endSec)}" y1="2" y2="${bottom}" />
  </svg>`
}
