// A verdict as JUnit XML and as Markdown: what CI systems and pull requests show of it.
import { execFileSync } from 'node:child_process'
import { describe, expect, test } from '@jest/globals'
import { summarise, type Summary } from '../../src/measure/summary.js'
import { renderJunit } from '../../src/render/junit.js'
import { renderMarkdown } from '../../src/render/markdown.js'
import { cernRecord } from '../support/cernRecord.js'

const record = cernRecord()
const judged = (gates: readonly string[]): Summary => summarise(record, gates)

/** What Python's XML reader makes of a file: a mistake in the XML is an error there. */
const readXml = (xml: string): { readonly [name: string]: unknown }[] => {
  const program = `
import json, sys, xml.etree.ElementTree as tree
root = tree.fromstring(sys.stdin.buffer.read())
print(json.dumps([dict(root.attrib)] + [
  {"name": case.attrib["name"], "inside": [[part.tag, part.attrib["message"]] for part in case]}
  for case in root.iter("testcase")]))`
  return JSON.parse(execFileSync('python3', ['-c', program], { input: xml, encoding: 'utf8' })) as {
    [name: string]: unknown
  }[]
}

describe('a verdict as JUnit XML', () => {
  test('has a case for the run and one for each gate, and counts those that failed', () => {
    const [counts, ...cases] = readXml(
      renderJunit(judged(['requests(window=all) > 0', 'requests(window=all) < 0', 'rows(at=end) >= 0'])),
    )
    expect(counts).toMatchObject({ tests: '4', failures: '1', errors: '0' })
    expect(cases.map(({ name }) => name)).toEqual([
      'the run can be judged',
      'requests(window=all) > 0',
      'requests(window=all) < 0',
      'rows(at=end) >= 0',
    ])
    expect(cases[2]).toMatchObject({ inside: [['failure', expect.stringMatching(/^observed .*limit 0/)]] })
    expect(cases[1]).toMatchObject({ inside: [] })
  })

  test('calls a gate without data an error, never a pass', () => {
    const [counts, , gate] = readXml(renderJunit(judged(['max(response, op=revoke, window=after) < 5ms'])))
    expect(counts).toMatchObject({ tests: '2', failures: '0', errors: '1' })
    expect(gate).toMatchObject({ inside: [['error', expect.stringMatching(/^no data/)]] })
  })

  test('calls a run that decides nothing an error, and says why', () => {
    const killed = summarise({ ...record, end: null }, [])
    const [counts, run] = readXml(renderJunit(killed))
    expect(counts).toMatchObject({ tests: '1', errors: '1' })
    expect(run).toMatchObject({
      inside: [['error', expect.stringMatching(/^inconclusive: the run was killed/)]],
    })
  })

  test('carries any name: markup, quotes and control characters', () => {
    const name = '<script>"&\u0007\'</script>'
    const xml = renderJunit({ ...judged(['rows(at=end) >= 0']), scenario: name })
    expect(readXml(xml)).toHaveLength(3)
    expect(xml).not.toContain('<script>')
  })
})

describe('a verdict as Markdown', () => {
  test('begins with the verdict and has a row for each gate', () => {
    const lines = renderMarkdown(judged(['requests(window=all) > 0', 'requests(window=all) < 0'])).split('\n')
    expect(lines[0]).toBe('### ❌ cutover: cern-2017: fail')
    expect(lines.filter((line) => /^\| (✅ pass|❌ fail) \| `requests/.test(line))).toHaveLength(2)
  })

  test('has the figures of the terminal, and one request is not requests', () => {
    const summary = judged(['requests(window=all) > 0'])
    const gate = { ...(summary.gates[0] as Summary['gates'][number]), result: 'fail' as const }
    const gates = [
      { ...gate, gate: 'p99', observed: 0.324, limit: 0.5, unit: 'ms' as const },
      { ...gate, gate: 'share', observed: 3.032_198, limit: 1, unit: '%' as const },
      { ...gate, gate: 'count', observed: 4, limit: 1, unit: 'requests' as const },
    ]
    const rows = renderMarkdown({ ...summary, gates })
      .split('\n')
      .slice(-4, -1)
    expect(rows.map((row) => row.split(' | ').slice(2, 4))).toEqual([
      ['0.324 ms', '0.5 ms'],
      ['3.03 %', '1 %'],
      ['4 requests', '1 request'],
    ])
    const messages = readXml(renderJunit({ ...summary, gates })).map(({ inside }) => inside)
    expect(messages).toContainEqual([['failure', 'observed 3.03 %, limit 1 %']])
    expect(messages).toContainEqual([['failure', 'observed 4 requests, limit 1 request']])
  })

  test('shows markup in a name as text', () => {
    const markdown = renderMarkdown({ ...judged([]), scenario: '<img src=x> [a](b) | `c`' })
    expect(markdown.split('\n')[0]).toBe('### ✅ cutover: \\<img src=x\\> \\[a\\]\\(b\\) \\| \\`c\\`: pass')
  })
})
