// `cutover init` as a user meets it: what it writes can be run, what it derives is true, what it asks can be answered.
// Each strategy's draft is rehearsed in the simulated world and must pass its own gates.
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { PassThrough } from 'node:stream'
import { afterAll, describe, expect, jest, test } from '@jest/globals'
import { parse } from 'yaml'
import { InputError } from '../../src/base/errors.js'
import { createProgram } from '../../src/commands/program.js'
import { UsageEnd } from '../../src/commands/exit.js'
import { checkGate } from '../../src/measure/gates.js'
import { parseScenario } from '../../src/scenario/parse.js'
import { runProgram } from '../support/program.js'

jest.setTimeout(120_000)

const home = mkdtempSync(path.join(os.tmpdir(), 'cutover-init-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

/** The program inside this process, optionally with somebody at a terminal. */
const cutover = async (
  argv: readonly string[],
  terminal?: { readonly input: PassThrough; readonly output: PassThrough },
): Promise<{ readonly code: number; readonly stdout: string; readonly stderr: string }> => {
  const said = { stdout: '', stderr: '' }
  const code = await createProgram({
    argv,
    env: {},
    stdout: { write: (text) => (said.stdout += text) },
    stderr: { write: (text) => (said.stderr += text) },
    readStdin: () => Promise.resolve(''),
    onInterrupt: () => {},
    onExit: () => {},
    ...(terminal === undefined ? {} : { terminal }),
  }).run()
  return { code, ...said }
}

let files = 0
const freshFile = (): string => path.join(home, `draft-${++files}.yaml`)

/** The draft of some options, as it was written. */
const draftOf = async (...options: readonly string[]) => {
  const file = freshFile()
  await cutover(['init', file, '--yes', ...options])
  const text = readFileSync(file, 'utf8')
  return { file, text, ...parseScenario({ file, text, checkGate }) }
}

const small =
  '--users 20 --projects 5 --services nova,heat --backends 2 --live 240 --validity 10m --flush 5m --rotation 5m --cache-time 30s --sessions 20 --command-lines 5 --saved-tokens 1 --heat 5 --magnum 3'.split(
    ' ',
  )

describe('what is written', () => {
  test.each(['hard', 'rolling', 'dual'])(
    'for %s runs in the simulated world, and its own gates hold',
    async (strategy) => {
      const { file, warnings } = await draftOf(...small, '--strategy', strategy)
      expect(warnings).toEqual([])
      const out = path.join(home, strategy)
      const { code, stdout } = await cutover([
        'rehearse',
        file,
        '--world',
        'simulated',
        '--out',
        out,
        '--json',
      ])
      const summary = JSON.parse(stdout) as { verdict: string; rejections: { byClassAndCause: object } }
      expect({ code, verdict: summary.verdict }).toEqual({ code: 0, verdict: 'pass' })
      expect('users/uuid-on-fernet-node' in summary.rejections.byClassAndCause).toBe(strategy !== 'dual')
    },
  )

  test.each([
    ['--from', 'fernet', '--to', 'uuid', '--strategy', 'rolling'],
    ['--from', 'fernet', '--to', 'uuid', '--strategy', 'dual'],
    ['--release', 'queens', '--flush', 'never'],
    ['--sessions', '0', '--heat', '0', '--saved-tokens', '0', '--live', '0'],
    ['--command-lines', '0', '--services', 'swift', '--magnum', '4'],
    ['--backends', '64', '--cache-time', '0s', '--validity', '45s', '--rotation', '30s', '--flush', '20s'],
    ['--live', '10000000', '--validity', '4w', '--rotation', '2d', '--sessions', '1000000'],
  ])('passes the parser without a warning: %s %s %s %s %s %s', async (...options) => {
    expect((await draftOf(...options)).warnings).toEqual([])
  })

  test('says what CERN published of its cloud, and the rest follows', async () => {
    const cern =
      '--release mitaka --backends 4 --live 300000 --validity 24h --rotation 6h --sessions 2500 --command-lines 1000 --saved-tokens 60 --heat 200 --magnum 80'
    const { scenario, text } = await draftOf(...cern.split(' '))
    expect(scenario.identity.keys.maxActiveKeys).toBe(6)
    const cli = scenario.clients.find(({ name }) => name === 'cli')
    // (300,000 − 2,840 held by others) / 86,400 s, by 1,000 people: one each 290.7 s.
    expect(cli).toMatchObject({ members: 1000, everySec: 291 })
    expect(text).toContain('300,000 live tokens / 86,400 s of validity = 3.47/s issued')
  })

  test('takes a rate of issues in place of live tokens', async () => {
    const { scenario } = await draftOf('--issues', '2.5/s', '--validity', '2h')
    expect(scenario.tokens.live).toBe(18_000)
  })

  test.each(['hard', 'rolling', 'dual'])(
    'for %s takes two to three minutes in the local world',
    async (strategy) => {
      for (const validity of ['1h', '24h', '3d']) {
        const { scenario } = await draftOf('--strategy', strategy, '--validity', validity, '--rotation', '6h')
        const realSec = scenario.clock.reduce(
          (sum, { untilSec, speed }, i) => sum + (untilSec - (scenario.clock[i - 1]?.untilSec ?? 0)) / speed,
          0,
        )
        expect(realSec).toBeGreaterThan(100)
        expect(realSec).toBeLessThan(170)
      }
    },
  )

  test('names the schema of editors where it is', async () => {
    const { file, text } = await draftOf()
    const [, named = ''] = /\$schema=(\S+)\n/.exec(text) ?? []
    expect(existsSync(path.resolve(path.dirname(file), named))).toBe(true)
  })
})

describe('what is refused', () => {
  const refusal = async (...argv: readonly string[]): Promise<string> => {
    const error = await cutover(['init', ...argv]).catch((thrown: unknown) => thrown)
    expect(error).toBeInstanceOf(InputError)
    return (error as InputError).message
  }

  test('is told all at once, and nothing is written', async () => {
    const file = freshFile()
    const message = await refusal(file, '--validity', '24', '--backends', '0', '--strategy', 'rollin')
    expect(message).toMatch(
      /^--backends: .*\n--validity: 24 has no unit; .*\n--strategy: .*did you mean rolling\?$/,
    )
    expect(existsSync(file)).toBe(false)
  })

  test.each([
    [['--from', 'fernet'], /^--from, --to: both are fernet/],
    [['--live', '5'], /^--live: 5 live tokens are fewer than the 560 /],
    [['--release', 'zed'], /^--release: zed has no UUID tokens/],
    [['--rotation', '1m'], /^--rotation: 242 keys would be needed, at most 52/],
    [['--live', '5', '--issues', '3/s'], /^--issues, --live: both were given/],
  ])('does not fit together: %j', async (options, says) => {
    expect(await refusal(freshFile(), '--yes', ...options)).toMatch(says)
  })

  test('is a file that is there, unless it may be overwritten', async () => {
    const { file, text } = await draftOf('--name', 'first')
    expect(await refusal(file, '--yes', '--name', 'second')).toMatch(/is there already; .*--force$/)
    expect(readFileSync(file, 'utf8')).toBe(text)
    await cutover(['init', file, '--yes', '--force', '--name', 'second'])
    expect(readFileSync(file, 'utf8')).toMatch(/^name: second$/m)
  })
})

describe('the questions', () => {
  /** Somebody who types an answer when a question appears, and Enter at every other. */
  const person = (answers: Readonly<Record<string, string>>) => {
    const [input, output] = [new PassThrough(), new PassThrough()]
    const asked: string[] = []
    output.setEncoding('utf8').on('data', (text: string) => {
      const question = /◆\s+([^\n]*\?)/.exec(text)?.[1]
      if (question === undefined || asked.includes(question)) return
      asked.push(question)
      const key = Object.keys(answers).find((word) => question.includes(word))
      const answer = key === undefined ? '' : (answers[key] ?? '')
      setImmediate(() => input.write(answer === '\u0003' ? answer : `${answer}\r`))
    })
    return { terminal: { input, output }, asked }
  }

  test('are asked of what no option says, and their answers are taken', async () => {
    const file = freshFile()
    const { terminal, asked } = person({ expiration: '6h', Projects: '77' })
    const { code } = await cutover(['init', file, '--users', '4000'], terminal)
    expect(code).toBe(0)
    expect(asked).toHaveLength(18)
    expect(asked.join()).not.toContain('Users in Keystone')
    const data = parse(readFileSync(file, 'utf8')) as Record<string, Record<string, unknown>>
    expect(data['cloud']).toMatchObject({ users: 4000, projects: 77 })
    expect(data['identity']).toMatchObject({ expiration: '6h' })
  })

  test('end with Ctrl-C, and nothing is written', async () => {
    const file = freshFile()
    const { terminal } = person({ Backends: '\u0003', Projects: '\u0003' })
    await expect(cutover(['init', file], terminal)).rejects.toBeInstanceOf(UsageEnd)
    expect(existsSync(file)).toBe(false)
  })

  test('are not asked of a pipe, which never hangs', async () => {
    const cwd = mkdtempSync(path.join(home, 'cwd-'))
    const { code, stdout } = await runProgram(['init'], { cwd, input: '' })
    expect(code).toBe(0)
    expect(stdout).toMatch(/^my-cloud\.yaml is written\./)
    expect(parse(readFileSync(path.join(cwd, 'my-cloud.yaml'), 'utf8'))).toMatchObject({ name: 'my-cloud' })
  })
})
