// What an operator reads on a terminal, compared as a whole, and what must hold at every width.
// The golden files were read by a person; `UPDATE_GOLDEN=1` writes them anew after a change that is meant.
import { describe, expect, test } from '@jest/globals'
import { renderTerminal } from '../../src/render/terminal.js'
import { cernRecord, emptyRecord } from '../support/cernRecord.js'
import { goldenFile } from '../support/goldenFile.js'
import { viewOf } from '../support/viewOf.js'

const view = viewOf(cernRecord())
const reportPath = 'reports/cern-2017-20251120T090000Z/report.html'
const widthOf = (text: string): number => Math.max(...text.split('\n').map((line) => Array.from(line).length))
// oxlint-disable-next-line no-control-regex
const withoutColour = (text: string): string => text.replace(/\u001b\[[0-9;]*m/g, '')

describe('the report on a terminal', () => {
  test.each([
    [80, false],
    [80, true],
    [160, false],
    [160, true],
  ])('of %i columns, colour %s, is the one that was looked at', (columns, colour) => {
    const text = renderTerminal(view, { columns, colour, reportPath })
    const file = `render/golden/terminal-${columns}${colour ? '-colour' : ''}.golden.txt`
    expect(text).toBe(goldenFile(file, text))
  })

  test('fits every width from 60 to 200 columns', () => {
    for (let columns = 60; columns <= 200; columns += 7) {
      const text = renderTerminal(view, { columns, colour: false, reportPath })
      // The command and the path are given whole, so that they can be copied.
      const lines = text.split('\n').filter((line) => !/^(Report|Again) /.test(line))
      expect(widthOf(lines.join('\n'))).toBeLessThanOrEqual(columns)
    }
  })

  test('says the same with colour and without', () => {
    const plain = renderTerminal(view, { columns: 100, colour: false })
    const coloured = renderTerminal(view, { columns: 100, colour: true })
    expect(plain).not.toContain('\u001b')
    expect(coloured).toContain('\u001b')
    expect(withoutColour(coloured).replace(/ +$/gm, '')).toBe(plain)
  })

  test('has sums that are those of its rows', () => {
    const text = renderTerminal(view, { columns: 100, colour: false })
    const number = (pattern: RegExp): number => Number((pattern.exec(text)?.[1] ?? 'x').replaceAll(',', ''))
    const refused = ['users', 'scripts', 'heat', 'magnum'].map((name) =>
      number(new RegExp(`^${name} +[\\d,]+ +([\\d,]+)`, 'm')),
    )
    const all = number(/^all +[\d,]+ +([\d,]+)/m)
    expect(refused.reduce((sum, n) => sum + n, 0)).toBe(all)
    expect(all).toBe(view.summary.rejections.total)
  })

  test('of a run that was killed at once says so and draws nothing', () => {
    const text = renderTerminal(viewOf(emptyRecord()), { columns: 80, colour: false })
    expect(text).toMatch(/^INCONCLUSIVE {2}cern-2017/)
    expect(text).toContain('No request was made.')
    expect(text).not.toMatch(/NaN|undefined|Infinity|\bnull\b/)
  })

  test('of a run without an end says that it was interrupted, and how far it came', () => {
    const text = renderTerminal(viewOf(cernRecord({ coveredSec: 4000 })), { columns: 80, colour: false })
    expect(text).toContain('The run was interrupted')
    expect(text.replace(/\s+/g, ' ')).toContain('1:06:40 of 26:00:00')
    expect(text).not.toMatch(/NaN|undefined|Infinity/)
  })

  test('says on the chart itself that response times of a late generator are not to be trusted', () => {
    const record = cernRecord()
    const end = record.end === null ? null : { ...record.end, lateness: { p50Ms: 1, p99Ms: 55, maxMs: 90 } }
    const text = renderTerminal(viewOf({ ...record, end }), { columns: 80, colour: false })
    const chart = text.slice(text.indexOf('3 Response time of Keystone'))
    expect(text).toMatch(/^INCONCLUSIVE/)
    expect(chart.slice(0, chart.indexOf('ms  validate')).replace(/\s+/g, ' ')).toContain(
      'Do not trust these: the load generator was late',
    )
  })

  test('cannot be steered by the name of a scenario', () => {
    const name = 'evil\u001b[2J\u0007'
    const text = renderTerminal(viewOf(cernRecord({ name, coveredSec: 4000 })), {
      columns: 80,
      colour: false,
    })
    expect(text).toContain('evil[2J')
    expect(text).not.toContain('\u001b')
    expect(text).not.toContain('\u0007')
  })
})
