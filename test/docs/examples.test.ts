// The YAML that the documents show: scenarios that parse without a warning, and gates that can be judged.
// It exists because an example is what a reader copies first.
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { checkGate } from '../../src/measure/gates.js'
import { parseScenario } from '../../src/scenario/parse.js'

const blocksOf = (file: string): readonly string[] => {
  const text = fs.readFileSync(fileURLToPath(new URL(`../../${file}`, import.meta.url)), 'utf8')
  return [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block = '']) => block)
}

const blocks = ['README.md', 'scenarios/README.md'].flatMap((file) =>
  blocksOf(file).map((text) => ({ file, text })),
)

test('there are examples', () => {
  expect(blocks.map(({ file }) => file)).toEqual(['README.md', 'scenarios/README.md', 'scenarios/README.md'])
})

test.each(blocks.filter(({ text }) => text.startsWith('name:')))(
  'the scenario in $file can be run as it stands',
  ({ file, text }) => {
    expect(parseScenario({ file, text, checkGate }).warnings).toEqual([])
  },
)

test.each(blocks.filter(({ text }) => text.startsWith('gates:')))(
  'the gates in $file can be judged',
  ({ text }) => {
    const names = {
      classes: ['users', 'heat'],
      restarts: ['heat'],
      faults: ['backend-killed'],
      durationSec: 86_400,
    }
    const { gates } = parse(text) as { readonly gates: readonly string[] }
    expect(gates.flatMap((gate) => checkGate(gate, names))).toEqual([])
  },
)
