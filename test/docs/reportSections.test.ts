// What the page shows, as reports/README.md explains it.
// It exists so that no chart or drawing is without the words that tell how to read it.
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { readReportAssets } from '../../src/io/reportAssets.js'
import { renderHtml } from '../../src/render/html.js'
import { cernRecord } from '../support/cernRecord.js'
import { viewOf } from '../support/viewOf.js'

const readme = fs
  .readFileSync(fileURLToPath(new URL('../../reports/README.md', import.meta.url)), 'utf8')
  .replaceAll('`', '')
  .replace(/\s+/g, ' ')

test('every chart and drawing of the page is explained by its title', async () => {
  const page = renderHtml(viewOf(cernRecord({ intervalSec: 60 })), await readReportAssets())
  const numbered = [...page.matchAll(/<h3 id="figure-[^"]+">([^<]+)<\/h3>/g)].map(([, title]) => title ?? '')
  expect(numbered).toHaveLength(3)
  const drawn = ['How response times were spread over time', 'Which key opens which tokens, until when']
  for (const title of drawn) expect(page).toContain(title)
  for (const title of [...numbered, ...drawn]) expect(readme).toContain(`**${title}`)
})
