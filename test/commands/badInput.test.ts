// What a user is told who got several things wrong at once: every problem of options and files, in one refusal.
// The text of all of it stands in one golden file, so that a misleading sentence or a lost problem is seen in its diff.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, expect, jest, test } from '@jest/globals'
import { InputError } from '../../src/base/errors.js'
import { createProgram } from '../../src/commands/program.js'
import { goldenFile } from '../support/goldenFile.js'

// The verbs are compiled for the test when they are first called.
jest.setTimeout(60_000)

const root = mkdtempSync(path.join(os.tmpdir(), 'cutover-bad-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

const steady = readFileSync(fileURLToPath(new URL('../worlds/fixtures/steady.yaml', import.meta.url)), 'utf8')
const token = '0123456789abcdef0123456789abcdef'

const files: Readonly<Record<string, string | Buffer>> = {
  'good.yaml': steady,
  'broken.yaml': 'name: 7\nduration: soon\n',
  'broken-too.yaml': 'name: other\ntimeline: [{ at: 5m, cutovr: {} }]\n',
  'cloud.yaml': 'cloud: { users: many }\n',
  'cycle.yaml': 'name: &n\n  x: *n\n',
  'bomb.yaml':
    'a: &a [1]\nb: &b [*a, *a, *a, *a, *a, *a]\nc: &c [*b, *b, *b, *b, *b, *b]\nd: &d [*c, *c, *c, *c, *c, *c]\n',
  'empty.yaml': '',
  'latin.yaml': Buffer.from('name: caf\u00e9\n', 'latin1'),
  'utf16.yaml': Buffer.from('name: good\n', 'utf16le'),
  'list.yaml': '- 1\n',
  'gates.txt': 'rows(at=end) == 0\nrejected(window=all) =< 3\n',
}
for (const [name, text] of Object.entries(files)) writeFileSync(path.join(root, name), text)
mkdirSync(path.join(root, 'folder'))
mkdirSync(path.join(root, 'taken'))
writeFileSync(path.join(root, 'taken', 'mine.txt'), 'mine')
const left = (): readonly string[] => readdirSync(root, { recursive: true }).map(String).sort()
const before = left()

/** What is refused, as it would be typed in the folder of the files: words with a dot or in `places` are files there. */
const places = new Set(['folder', 'taken', 'nowhere', 'nobody', 'no/such/file'])
const isFile = (word: string): boolean => places.has(word) || /^[\w/-]+\.(yaml|txt|json|html)$/.test(word)

/** Runs the program in this process; what it refuses is thrown, and nothing else may be written. */
const refusal = async (words: readonly string[], env: Readonly<Record<string, string>>): Promise<string> => {
  let said = ''
  const sink = { write: (text: string) => (said += text) }
  const program = createProgram({
    argv: words.map((word) => (isFile(word) ? path.join(root, word) : word)),
    env: { HOME: root, ...env },
    stdout: sink,
    stderr: sink,
    readStdin: () => Promise.resolve(''),
    onInterrupt: () => {},
    onExit: () => {},
  })
  const thrown: unknown = await program.run().then(
    (code) => new Error(`ended with ${code}`),
    (error: unknown) => error,
  )
  expect(thrown).toBeInstanceOf(InputError)
  return `${said}${(thrown as Error).message}`.replaceAll(root, '…')
}

interface Group {
  readonly title: string
  readonly env?: Readonly<Record<string, string>>
  readonly lines: readonly string[]
}

const groups: readonly Group[] = [
  {
    title: 'options and files that are wrong together are told together',
    env: { CUTOVER_LIVE_TOKEN: 'short' },
    lines: [
      'rehearse broken.yaml --world mars --store bogus --live 99999 --seed x --speed -3',
      'rehearse broken.yaml --world simulated --store sqlite --speed 60 --out taken --seed 1e99',
      'rehearse nowhere --seed 3s --repeat 0 --against nobody --live --json',
      'rehearse broken.yaml --world external --store sqlite --target nonsense --table-dsn nonsense --speed 2',
      'compare --strategies broken.yaml broken-too.yaml nowhere --cloud cloud.yaml --jobs -1 --seed x --out taken --world external',
      'compare --strategies broken-too.yaml --search 1 --sample 0% --html no/such/file',
      'compare nowhere --jobs 0 --cloud cloud.yaml',
      'gate nowhere folder --baseline nobody --gates nobody --margin 0 --times p1 --junit folder --markdown no/such/file',
      'report nowhere --html folder --csv good.yaml --series no/such/file',
      'plan --measured list.yaml --validity 0s --rotation 6 --max-active-keys x --share 100% --release essex',
      'capacity --store memory --providers pki --connections 0 --live 1 --duration 5m --seed x --out folder --html no/such/file',
      'profile --target nonsense --clients 2,1 --seconds 10s --workers 0 --cache warm --merge nowhere --out folder',
      'calibrate --rate 1 --seconds 1e9 --out no/such/file',
      'keys setup good.yaml --keystone-user no-such-user --keystone-group no-such-group',
      'keys rotate nowhere --max-active-keys 1',
      'keys verify nowhere folder folder --validity 1 --keystone-user no-such-user',
      'inspect hello --keys nowhere --store memory --rotation 6 --at noon',
      'serve --provider x --release essex --listen 5000 --backends 0 --store memory --keys good.yaml --cloud cloud.yaml --expiration soon --public-url x',
      'init no/such/file --users -1 --validity 0s --release essex',
      'completion fsh',
    ],
  },
  {
    title: 'options that would do nothing, or speak against each other, are refused',
    env: { OS_AUTH_URL: 'http://127.0.0.1:1/v3', OS_USERNAME: 'admin', OS_PASSWORD: 'of-admin' },
    lines: [
      'rehearse good.yaml --repeat 3 --dry-run --cleanup --target http://127.0.0.1:1/v3',
      'rehearse good.yaml --world external --dry-run --cleanup --live --out nowhere',
      'rehearse good.yaml --world external --cleanup --live 8080 --out nowhere --against folder',
      'compare nowhere nobody --no-unchanged --no-confirm --sample 5% --world local',
      'compare --strategies broken-too.yaml --cloud good.yaml --world local --confirm --sample 5%',
      'gate folder --margin 5% --times p50 --junit a.txt --markdown a.txt',
      'plan --live 300000 --validate-time 20ms',
      'plan --live 300000 --within 1s --share 90% --busy 50%',
      'capacity --out a.json --html a.json --connections 1 --backends 2',
      'profile --target http://127.0.0.1:1/v3 --allow-host example.org --out good.yaml',
      `inspect ${token} --rotation 6h --methods password --release queens`,
    ],
  },
  {
    title: 'an empty word is no value',
    lines: [
      'rehearse good.yaml --world simulated --seed <empty> --speed <empty> --out <empty>',
      'report <empty> --html <empty>',
      'compare --strategies <empty> --cloud <empty> --jobs <empty>',
      'serve --bootstrap-password <empty> --keys <empty>',
      'plan --live <empty> --measured <empty>',
    ],
  },
  {
    title: 'files that hold no text, or too much of it, are refused by what is wrong with them',
    lines: [
      ...['cycle', 'bomb', 'empty', 'latin', 'utf16', 'list'].map(
        (name) => `rehearse ${name}.yaml --world simulated`,
      ),
      'rehearse folder --world simulated',
      'rehearse good.yaml/x.yaml --world simulated',
      'gate folder --gates folder',
      'gate folder --gates gates.txt',
      'plan --live 300000 --validations 3/s --measured latin.yaml',
      'serve --cloud folder',
      'serve --cloud bomb.yaml',
      'compare --strategies cycle.yaml --cloud latin.yaml',
    ],
  },
]

test('every refusal says what is in the golden file, and nothing is started or written', async () => {
  const told: string[] = []
  for (const { title, env = {}, lines } of groups) {
    told.push(`# ${title}\n`)
    for (const line of lines) {
      const words = line.split(' ').map((word) => (word === '<empty>' ? '' : word))
      told.push(`$ cutover ${line}\n${await refusal(words, env)}\n`)
    }
  }
  const text = told.join('\n')
  expect(left()).toEqual(before)
  expect(text).not.toContain('of-admin')
  expect(text).toBe(goldenFile('commands/fixtures/badInput.golden.txt', text))
})
