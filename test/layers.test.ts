// The architecture as a test: layers, purity, names and the opening comment of every file in src.
// The checker is tried first on small sources that break each rule, so it is known that it can fail.
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { checkSource, checkSources, describeBreach, layers, readSources } from './support/layers.js'
import type { Rule } from './support/layers.js'

const opening = '// What it is.\n// Why it exists.\n'

/** The rules that one file breaks, when its code stands under a proper opening comment. */
function broken(file: string, code: string): Rule[] {
  return checkSource({ file, text: opening + code }).map(({ rule }) => rule)
}

const rules: readonly { rule: Rule; title: string }[] = [
  { rule: 'layers', title: 'every file imports only from the layers before its own' },
  { rule: 'neighbours share types only', title: 'neighbours of one layer share types only' },
  { rule: 'pure folders import no platform', title: 'pure folders import neither node:* nor drivers' },
  {
    rule: 'pure folders use no ambient time, chance or process',
    title: 'pure folders use no ambient time, chance, timers or process',
  },
  { rule: 'no default exports', title: 'every export has a name' },
  { rule: 'no enums', title: 'no file declares an enum' },
  { rule: 'opening comment', title: 'every file opens by saying what it is and why it exists' },
  { rule: 'names', title: 'no file or folder has a name that says nothing' },
]

describe('src', () => {
  const breaches = checkSources(readSources(fileURLToPath(new URL('../src', import.meta.url))))

  test.each(rules)('$title', ({ rule }) => {
    expect(breaches.filter((breach) => breach.rule === rule).map(describeBreach)).toEqual([])
  })
})

describe('the checker of layers', () => {
  test('lets every layer import from every layer before it, and from none after it', () => {
    const order = layers.map((folders) => folders[0] ?? '')
    order.forEach((from, fromLayer) => {
      order.forEach((to, toLayer) => {
        if (fromLayer === toLayer) return
        const file = from === 'main.ts' ? from : `${from}/a.ts`
        const target = to === 'main.ts' ? 'main.js' : `${to}/b.js`
        const code = `import { b } from '${from === 'main.ts' ? './' : '../'}${target}'\nexport const a = b`
        const expected = toLayer < fromLayer ? [] : ['layers']
        expect({ from, to, broken: broken(file, code) }).toEqual({ from, to, broken: expected })
      })
    })
  })

  test.each([
    ['a named import', `import { run } from '../io/run.js'`],
    ['an import for its effect', `import '../io/run.js'`],
    ['an import of a type', `import type { Run } from '../io/run.js'`],
    ['an import type inside a type', `export type Run = import('../io/run.js').Run`],
    ['a dynamic import', `export const run = () => import('../io/run.js')`],
    ['a re-export', `export * from '../io/run.js'`],
    ['a named re-export', `export { run } from '../io/run.js'`],
    ['an import equals', `import run = require('../io/run.js')`],
  ])('sees %s of a later layer', (_way, code) => {
    expect(broken('identity/validate.ts', code)).toEqual(['layers'])
  })

  test('follows an import from deep inside a folder to the folder it reaches', () => {
    expect(broken('token/payload/v0.ts', `import { a } from '../key.js'`)).toEqual([])
    expect(broken('token/payload/v0.ts', `import { a } from '../../base/time.js'`)).toEqual([])
    expect(broken('token/payload/v0.ts', `import { a } from '../../io/files.js'`)).toEqual(['layers'])
  })

  test('reads imports from the syntax, not from comments and strings', () => {
    const code = `// import { a } from '../io/a.js'\nexport const text = "import { a } from '../io/a.js'"`
    expect(broken('token/fernet.ts', code)).toEqual([])
  })

  test('refuses an import that leaves src', () => {
    expect(broken('worlds/local.ts', `import { a } from '../../test/a.js'`)).toEqual(['layers'])
  })

  test('refuses a file or an import that belongs to no layer', () => {
    expect(broken('lib/a.ts', '')).toEqual(['layers'])
    expect(broken('io/a.ts', `import { a } from '../lib/a.js'`)).toEqual(['layers'])
  })

  test.each([
    ['token', 'scenario'],
    ['render', 'measure'],
    ['identity', 'clients'],
    ['clients', 'identity'],
  ])('lets %s take types, but no values, from its neighbour %s', (from, to) => {
    const neighbours = ['neighbours share types only']
    expect(broken(`${from}/a.ts`, `import type { B } from '../${to}/b.js'`)).toEqual([])
    expect(broken(`${from}/a.ts`, `export type { B } from '../${to}/b.js'`)).toEqual([])
    expect(broken(`${from}/a.ts`, `import { b } from '../${to}/b.js'`)).toEqual(neighbours)
    // This one keeps the import at run time, for its effects.
    expect(broken(`${from}/a.ts`, `import { type B } from '../${to}/b.js'`)).toEqual(neighbours)
    expect(broken(`${from}/a.ts`, `export { b } from '../${to}/b.js'`)).toEqual(neighbours)
  })

  test('lets the index import from anywhere but the program itself', () => {
    expect(broken('index.ts', `export { a } from './worlds/a.js'`)).toEqual([])
    expect(broken('index.ts', `export { a } from './commands/a.js'`)).toEqual(['layers'])
    expect(broken('index.ts', `export { a } from './main.js'`)).toEqual(['layers'])
  })

  test('lets benchmarks import anything but the program itself', () => {
    expect(
      broken('bench/a.ts', `import { a } from '../commands/a.js'\nimport { b } from '../index.js'`),
    ).toEqual([])
    expect(broken('bench/main.ts', `import { a } from '../main.js'`)).toEqual(['layers'])
  })

  test('lets nothing in the layers import from the index or the benchmarks', () => {
    expect(broken('main.ts', `import { a } from './index.js'`)).toEqual(['layers'])
    expect(broken('commands/a.ts', `import { a } from '../bench/a.js'`)).toEqual(['layers'])
  })
})

describe('the checker of purity', () => {
  const ambient = 'pure folders use no ambient time, chance or process'
  const platform = 'pure folders import no platform'

  test.each([
    'Date.now()',
    `Date['now']()`,
    'new Date()',
    'new Date',
    'Date()',
    'performance.now()',
    'Math.random()',
    `Math['random']()`,
    'setTimeout(() => 1, 1)',
    'setInterval(() => 1, 1)',
    'setImmediate(() => 1)',
    'process.env',
    'process.hrtime.bigint()',
    'globalThis.process',
    'crypto.randomUUID()',
    'Buffer.alloc(1)',
    '{ process }',
    '((now = Date.now) => now())()',
  ])('refuses %s', (expression) => {
    expect(broken('plan/a.ts', `export const a = (${expression})`)).toContain(ambient)
  })

  test('refuses the ways around it: other names for Date and Math', () => {
    expect(broken('plan/a.ts', 'const { now } = Date')).toEqual([ambient])
    expect(broken('plan/a.ts', 'const chance = Math\nchance.random()')).toEqual([ambient])
    expect(broken('plan/a.ts', 'class Today extends Date {}')).toEqual([ambient])
  })

  test.each([
    'new Date(0).toISOString()',
    `Date.parse('2017-01-01') + Date.UTC(2017, 0, 1)`,
    '(value: unknown) => value instanceof Date',
    'Math.floor(1.5)',
    '(clock: { Date: number; process: number }) => clock.process + clock.Date',
    '(process: number, performance: { now(): number }) => process + performance.now()',
    '{ process: 1, setTimeout() { return 2 } }',
    '(value: { process: number }) => { const { process: step } = value; return step }',
    '(at: Date, of: typeof process, by: ReturnType<typeof setTimeout>) => [at, of, by]',
    `'Date.now() Math.random()' /* Date.now() */`,
  ])('allows %s', (expression) => {
    expect(broken('plan/a.ts', `export const a = (${expression})`)).toEqual([])
  })

  test('leaves folders that are not pure alone', () => {
    const code = `import fs from 'node:fs'\nexport const a = () => [fs, Date.now(), Math.random(), process.pid]`
    for (const folder of ['io', 'worlds', 'commands', 'bench'])
      expect(broken(`${folder}/a.ts`, code)).toEqual([])
    expect(broken('main.ts', code)).toEqual([])
  })

  test('holds in every pure folder', () => {
    const pure = 'base token scenario measure plan render identity clients rehearsal'.split(' ')
    for (const folder of pure) {
      expect(broken(`${folder}/a.ts`, 'export const a = Date.now()')).toEqual([ambient])
      expect(broken(`${folder}/a.ts`, `import { readFileSync } from 'node:fs'`)).toEqual([platform])
    }
  })

  test('refuses the modules of Node.js, with or without their prefix, and computed names', () => {
    expect(broken('base/a.ts', `import { readFileSync } from 'fs'`)).toEqual([platform])
    expect(broken('base/a.ts', `import { setTimeout } from 'node:timers/promises'`)).toEqual([platform])
    expect(broken('base/a.ts', `export const a = (b: string) => import(b)`)).toEqual([platform])
  })

  test('refuses drivers, but no other packages', () => {
    expect(broken('identity/a.ts', `import mysql from 'mysql2/promise'`)).toEqual([platform])
    expect(broken('scenario/a.ts', `import { z } from 'zod'`)).toEqual([])
    expect(broken('token/a.ts', `import { decode } from '@msgpack/msgpack'`)).toEqual([])
  })

  test('lets token, and nobody else, use the deterministic functions of node:crypto', () => {
    const code = `import { createHmac, timingSafeEqual } from 'node:crypto'`
    expect(broken('token/a.ts', code)).toEqual([])
    expect(broken('token/a.ts', `export const a = Buffer.alloc(1)`)).toEqual([])
    expect(broken('identity/a.ts', code)).toEqual([platform])
  })

  test('refuses chance from node:crypto in token, also under another name or unseen', () => {
    expect(broken('token/a.ts', `import { randomBytes } from 'node:crypto'`)).toEqual([platform])
    expect(broken('token/a.ts', `import { randomUUID as id } from 'node:crypto'`)).toEqual([platform])
    expect(broken('token/a.ts', `import * as crypto from 'node:crypto'`)).toEqual([platform])
    expect(broken('token/a.ts', `import crypto from 'node:crypto'`)).toEqual([platform])
    expect(broken('token/a.ts', `export * from 'node:crypto'`)).toEqual([platform])
  })
})

describe('the checker of style', () => {
  test.each([
    'export default 1',
    'export default function run() {}',
    'export default class {}',
    'const a = 1\nexport { a as default }',
    `export { default } from './b.js'`,
  ])('refuses %s', (code) => {
    expect(broken('io/a.ts', code)).toEqual(['no default exports'])
  })

  test('refuses enums, declared or not', () => {
    expect(broken('io/a.ts', 'export enum Colour { Red }')).toEqual(['no enums'])
    expect(broken('io/a.ts', 'declare enum Colour { Red }')).toEqual(['no enums'])
  })

  test.each([
    ['no comment', 'export const a = 1'],
    ['one line', '// What it is.\nexport const a = 1'],
    ['one line in a block', '/**\n * What it is.\n */\nexport const a = 1'],
    [
      'a directive in place of the second line',
      '// What it is.\n// oxlint-disable no-new\nexport const a = 1',
    ],
    ['a comment after the code', 'export const a = 1\n// What it is.\n// Why it exists.'],
  ])('refuses a file that opens with %s', (_title, text) => {
    expect(checkSource({ file: 'io/a.ts', text }).map(({ rule }) => rule)).toEqual(['opening comment'])
  })

  test.each([
    ['two lines', '// What it is.\n// Why it exists.\nexport const a = 1'],
    ['a block', '/*\n * What it is.\n * Why it exists.\n */\nexport const a = 1'],
    ['a line for the shell before them', '#!/usr/bin/env node\n// What it is.\n// Why it exists.\n'],
  ])('accepts a file that opens with %s', (_title, text) => {
    expect(checkSource({ file: 'main.ts', text })).toEqual([])
  })

  test.each([
    'io/utils.ts',
    'io/helpers/a.ts',
    'token/key-manager.ts',
    'token/keyManager.ts',
    'render/common.ts',
    'io/util.d.ts',
  ])('refuses the name %s', (file) => {
    expect(broken(file, '')).toEqual(['names'])
  })

  test('tells the file and line of a breach', () => {
    const breaches = checkSource({
      file: 'plan/a.ts',
      text: `${opening}export const a = 1\nexport const b = Date.now()`,
    })
    expect(breaches.map(describeBreach)).toEqual(['src/plan/a.ts:4 plan is pure and must not use Date.now'])
  })

  test('finds nothing to refuse where there are no sources', () => {
    expect(checkSources(readSources(fileURLToPath(new URL('./no-such-folder', import.meta.url))))).toEqual([])
  })
})
