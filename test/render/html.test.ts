// The HTML report as a document: it stands alone, says what is true, and nothing in a scenario can make it do more.
// Its looks are judged by eye; here is what must never break unseen.
import { beforeAll, describe, expect, test } from '@jest/globals'
import { readReportAssets } from '../../src/io/reportAssets.js'
import { renderHtml, type HtmlAssets } from '../../src/render/html.js'
import { packNumbers } from '../../src/render/pack.js'
import type { RunRecord } from '../../src/measure/record.js'
import { cernRecord, emptyRecord } from '../support/cernRecord.js'
import { viewOf } from '../support/viewOf.js'

let assets: HtmlAssets
let page: string
let dense: RunRecord
let densePage: string
const render = (record: RunRecord): string => renderHtml(viewOf(record), assets)
/** What a reader sees: no scripts, no styles, no tags. */
const textOf = (html: string): string =>
  html
    .replace(/<(script|style)>.*?<\/\1>/gs, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ')
const withoutLibrary = (html: string): string => html.replace(assets.uplotScript, '')

beforeAll(async () => {
  assets = await readReportAssets()
  page = render(cernRecord())
  dense = cernRecord({ clock: [{ untilSec: 93_600, speed: 1, traffic: 1 }] })
  densePage = render(dense)
})

describe('the HTML report', () => {
  test('is one file that loads nothing from anywhere', () => {
    expect(page).not.toMatch(/<(link|img|iframe|object|embed|base)\b/i)
    expect(page).not.toMatch(/\ssrc=|@import|url\((?!#)/i)
    expect(withoutLibrary(page)).not.toMatch(/https?:\/\//)
    expect(page).toContain(`content="default-src &#39;none&#39;;`)
  })

  test('of a whole day in 10-second intervals is smaller than 600 kB', () => {
    expect(dense.intervals).toHaveLength(9360)
    expect(Buffer.byteLength(densePage)).toBeLessThan(600_000)
  })

  test('of 4,600 intervals with twelve classes and four causes each stays below 600 kB', () => {
    const causes = ['uuid-on-fernet-node', 'fernet-on-uuid-node', 'key-not-distributed', 'expired'] as const
    const base = cernRecord({ intervalSec: 20, coveredSec: 92_000, withEnd: true })
    expect(base.intervals).toHaveLength(4600)
    const names = Array.from({ length: 12 }, (_, i) => `class-${i}`)
    const intervals = base.intervals.map((line, at) => ({
      ...line,
      counts: names.flatMap((clientClass, i) =>
        causes.map((cause, j) => ({
          clientClass,
          leg: 'client' as const,
          op: 'call' as const,
          outcome: 'rejected' as const,
          status: 401,
          cause,
          node: 1 + (j % 4),
          n: 1 + ((at * 7919 + i * 104_729 + j * 1299) % 97),
        })),
      ),
    }))
    const classes = names.map((name) => ({ name, behaviour: 'password-session', members: 9, everySec: 60 }))
    const page = render({ ...base, intervals, header: { ...base.header, classes } })
    expect(Buffer.byteLength(page)).toBeLessThan(600_000)
  })

  test('shows no number that is none', () => {
    const others = [cernRecord({ coveredSec: 4000 }), cernRecord({ coveredSec: 100 }), emptyRecord()]
    for (const html of [page, densePage, ...others.map(render)]) {
      expect(textOf(html)).not.toMatch(/\b(NaN|undefined|Infinity|null)\b/)
      expect(
        html.match(/ (?:d|x|y|x1|x2|y1|y2|width|height)="[^"]*(?:NaN|undefined|Infinity)[^"]*"/),
      ).toBeNull()
    }
  })

  test('begins with the verdict, its reasons and the key figures', () => {
    const text = textOf(page)
    expect(text.indexOf('PASS')).toBeGreaterThan(-1)
    expect(text.indexOf('requests (')).toBeGreaterThan(text.indexOf('PASS'))
    expect(text.indexOf('Refused requests')).toBeGreaterThan(text.indexOf('requests ('))
    expect(text.indexOf('What happened')).toBeGreaterThan(text.indexOf('Refused requests'))
  })

  test('says of a run without an end that it was interrupted', () => {
    const text = textOf(render(cernRecord({ coveredSec: 4000 })))
    expect(text).toContain('INCONCLUSIVE')
    expect(text).toContain(
      'The run was interrupted: what follows is true only of the part that was recorded, 1:06:40 of 26:00:00.',
    )
  })

  test('of a run that was killed at once says that there is nothing to draw', () => {
    const text = textOf(render(emptyRecord()))
    expect(text).toContain('Nothing to draw: the run ended within its first interval of 10 s.')
    expect(text).toContain('There is nothing to conclude from this run.')
  })

  test('warns of the time-lapse wherever it draws one', () => {
    expect(textOf(page)).toContain('response times predict nothing')
    expect(page).toContain('time-lapse ×1,440 at 2 % of the traffic')
    expect(textOf(densePage)).not.toContain('time-lapse ×')
  })

  test('draws its charts without a script, too', () => {
    const all = page.match(/<svg\b.*?<\/svg>/gs) ?? []
    for (const drawing of all) expect(drawing).toMatch(/aria-labelledby="|aria-label="|aria-hidden="true"/)
    const drawings = all.filter((drawing) => drawing.includes('class="still"'))
    expect(drawings).toHaveLength(4)
    for (const drawing of drawings) {
      expect(drawing).toMatch(/<title id="[^"]+">[^<]+<\/title>/)
      expect(drawing).toMatch(/<path\s+class="(?:line|area)/)
    }
  })

  test('gives every table heads for its columns and rows, and every section a heading', () => {
    const tables = page.match(/<table class="data" aria-label="[^"]+">/g) ?? []
    expect(tables.length).toBeGreaterThan(5)
    expect(page.match(/<table/g)).toHaveLength(tables.length)
    expect(page).toContain('scope="col"')
    expect(page).toContain('scope="row"')
    for (const [, id] of page.matchAll(/<section aria-labelledby="([^"]+)"/g))
      expect(page).toContain(`<h2 id="${id}"`)
  })
})

describe('what a scenario says', () => {
  const evil = '</script><script>alert(1)</script><!--\u2028"\'&'
  const injected = (): RunRecord => {
    const record = cernRecord({ coveredSec: 4000, name: evil })
    return {
      ...record,
      header: { ...record.header, description: evil, command: evil, store: evil, scenarioText: evil },
      events: record.events.map((event) => ({ ...event, label: evil, note: evil })),
      intervals: record.intervals.map((line) => ({
        ...line,
        counts: line.counts.map((count) => ({ ...count, clientClass: evil })),
      })),
    }
  }

  test('shows as text and never becomes a part of the page', () => {
    const html = render(injected())
    expect(html).toContain('&lt;/script&gt;&lt;script&gt;alert(1)&lt;/script&gt;&lt;!--')
    // Two scripts of the report's own, and no comment.
    expect(html.match(/<script/gi)).toHaveLength(2)
    expect(html.match(/<\/script/gi)).toHaveLength(2)
    expect(withoutLibrary(html)).not.toContain('<!--')
  })

  test('stays inside the data of the script', () => {
    const scripts = [...render(injected()).matchAll(/<script>(.*?)<\/script>/gs)].map(
      ([, source]) => source ?? '',
    )
    const data = scripts[1] ?? ''
    expect(data).toContain('\\u003c/script\\u003e\\u003cscript\\u003ealert(1)')
    expect(data).not.toContain('\u2028')
  })
})

test('a series that packs small is what keeps the report small', () => {
  const { intervals } = cernRecord()
  const refused = intervals.map(({ counts }) =>
    counts.reduce((sum, each) => sum + (each.outcome === 'rejected' ? each.n : 0), 0),
  )
  expect(packNumbers(refused, 1).length).toBeLessThan(JSON.stringify(refused).length / 8)
})

describe('what is put into words', () => {
  test('calls the times of the simulated world modelled', () => {
    const record = cernRecord({ intervalSec: 60 })
    const simulated = render({ ...record, header: { ...record.header, world: 'simulated' } })
    expect(textOf(simulated)).toContain('before → after the switch, as modelled:')
    expect(textOf(page)).not.toContain('modelled')
  })

  test('tells not to trust response times when the load generator was late', () => {
    const record = cernRecord({ intervalSec: 60 })
    const { end } = record
    const late = end === null ? null : { ...end, lateness: { p50Ms: 1, p99Ms: 550, maxMs: 700 } }
    const text = textOf(render({ ...record, end: late }))
    expect(text).toContain('INCONCLUSIVE')
    expect(text).toContain('Do not trust these: the load generator was late')
    expect(text).toContain('No: requests were sent later than allowed')
  })

  test('shows what the machine let the load generator have, and what was too little', () => {
    const record = cernRecord({ intervalSec: 60 })
    const { end } = record
    if (end === null) throw new Error('the record has an end')
    const generator = {
      cpuShare: 0.31,
      cpuWaitShare: 0.62,
      loopDelayP50Ms: 1,
      loopDelayP99Ms: 8.25,
      loopDelayMaxMs: 90,
    }
    const text = textOf(render({ ...record, end: { ...end, generator } }))
    expect(text).toContain('No: the machine did not let it run')
    expect(text).toMatch(/Event loop late by, p99\s*8\.25 ms\s*20 ms/)
    expect(text).toMatch(/Ready to run, but without a core\s*62 %\s*50 %/)
  })

  test('names the classes that nothing in the run put an end to', () => {
    expect(textOf(page)).toContain('Still being refused when the record ended: scripts.')
  })

  test('says that a peak inside the time-lapse predicts nothing', () => {
    const clock = [
      { untilSec: 1700, speed: 60, traffic: 1 },
      { untilSec: 93_600, speed: 1440, traffic: 1 },
    ]
    const text = textOf(render(cernRecord({ intervalSec: 60, clock })))
    expect(text).toContain('in the time-lapse, so its height predicts nothing')
  })
})
