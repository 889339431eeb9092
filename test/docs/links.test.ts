// What the documents name must exist: files and headings behind links, npm scripts, verbs of cutover and their options.
// It exists because a reader types what stands there.
import fs from 'node:fs'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { helpOf, optionsOf, verbsIn } from '../support/programHelp.js'

const root = fileURLToPath(new URL('../..', import.meta.url))
const documents = [
  'README.md',
  'CHANGELOG.md',
  'src/ARCHITECTURE.md',
  'scenarios/README.md',
  'reports/README.md',
] as const

const read = (file: string): string => fs.readFileSync(path.join(root, file), 'utf8')

/** The text without fenced blocks, in which nothing is a link. */
const prose = (text: string): string => text.replaceAll(/^(```+)[^\n]*\n[\s\S]*?^\1$/gm, '')

/** The anchors that headings have on the usual forges. */
const anchorsOf = (text: string): string[] =>
  [...prose(text).matchAll(/^#+ (.+)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  )

const brokenLinks = (file: string, text: string): string[] =>
  [...prose(text).matchAll(/\]\(([^)\s]+)\)/g)]
    .map(([, target = '']) => target)
    .filter((target) => !/^[a-z]+:/.test(target))
    .filter((target) => {
      const [place = '', anchor] = target.split('#')
      const where = place === '' ? file : path.join(path.dirname(file), place)
      if (!fs.existsSync(path.join(root, where))) return true
      return anchor !== undefined && !anchorsOf(read(where)).includes(anchor)
    })

/** Paths of this repository in code spans. */
const absentPaths = (text: string): string[] =>
  [...prose(text).matchAll(/`((?:src|test|scenarios|\.ci)\/[\w./-]+)`/g)]
    .map(([, named = '']) => named)
    .filter((named) => !fs.existsSync(path.join(root, named)))

const scripts = Object.keys((JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts)

const absentScripts = (text: string): string[] =>
  [...text.matchAll(/\bnpm (?:run ([\w:-]+)|(test)\b)/g)]
    .map(([, run, plain]) => run ?? plain ?? '')
    .filter((script) => !scripts.includes(script))

/** A call of the program: at the start of a line of a fenced block or of a code span, not the word in a sentence. */
const callsIn = (text: string): { readonly verb: string; readonly options: readonly string[] }[] =>
  [
    ...text.matchAll(
      /(?:^|`)(?:nice -n \d+ )?(?:npx cutover|cutover|node dist\/main\.js) ([a-z]+)([^`\n]*)/gm,
    ),
  ].map(([, verb = '', rest = '']) => ({
    verb,
    options: [...rest.matchAll(/(?<=\s)--[\w-]+/g)].map(([name]) => name),
  }))

describe.each(documents)('%s', (file) => {
  const text = read(file)

  test('links to files and headings that exist', () => {
    expect(brokenLinks(file, text)).toEqual([])
  })

  test('names files of this repository that exist', () => {
    expect(absentPaths(text)).toEqual([])
  })

  test('names npm scripts that exist', () => {
    expect(absentScripts(text)).toEqual([])
  })

  test('calls verbs of cutover that exist, with options that they have', async () => {
    const verbs = verbsIn(await helpOf())
    for (const { verb, options } of callsIn(text)) {
      expect(verbs).toContain(verb)
      const known = await optionsOf(verb)
      expect(options.filter((option) => !known.includes(option))).toEqual([])
    }
  })
})

test('README names every verb, and every option of each', async () => {
  const readme = read('README.md')
  const verbs = verbsIn(await helpOf()).filter((verb) => verb !== 'help')
  expect(verbs.filter((verb) => !readme.includes(`\`cutover ${verb}`))).toEqual([])
  for (const verb of verbs) {
    const options = (await optionsOf(verb)).filter((option) => option !== '--help')
    expect({ verb, missing: options.filter((option) => !readme.includes(option)) }).toEqual({
      verb,
      missing: [],
    })
  }
})

test('every scenario is in the table of scenarios', () => {
  const scenarios = fs.readdirSync(path.join(root, 'scenarios')).filter((file) => file.endsWith('.yaml'))
  const readme = read('scenarios/README.md')
  expect(scenarios.filter((file) => !readme.includes(`](${file})`))).toEqual([])
})

test('the checks see what is broken', () => {
  expect(
    brokenLinks('README.md', '[a](nowhere.md) [b](LICENSE) [c](#no-such-heading) [d](https://example.org)'),
  ).toEqual(['nowhere.md', '#no-such-heading'])
  expect(absentPaths('`src/main.ts` `src/nowhere.ts`')).toEqual(['src/nowhere.ts'])
  expect(absentScripts('`npm test` and `npm run nothing`')).toEqual(['nothing'])
  expect(
    callsIn(
      'npx cutover rehearse a.yaml --world simulated\nthe word cutover means `cutover report RUN --html F`',
    ),
  ).toEqual([
    { verb: 'rehearse', options: ['--world'] },
    { verb: 'report', options: ['--html'] },
  ])
})
