// The program as a user meets it: exit codes, what goes to which stream, and that bad input starts and writes nothing.
// The built program is run in an empty folder, so that whatever it would leave behind is seen.
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { runProgram, type Ended } from '../support/program.js'

// Each run starts a Node.js of its own, which takes a while on a busy machine.
jest.setTimeout(60_000)

const home = mkdtempSync(path.join(os.tmpdir(), 'cutover-cli-'))
afterAll(() => rmSync(home, { recursive: true, force: true }))

const fixtureFile = (name: string): string => fileURLToPath(new URL(`../${name}`, import.meta.url))
const steady = fixtureFile('worlds/fixtures/steady.yaml')

/** Runs the program in an empty folder; also tells what it left there. */
const cutover = async (
  ...words: readonly string[]
): Promise<Ended & { readonly left: readonly string[] }> => {
  const cwd = mkdtempSync(path.join(home, 'cwd-'))
  const ended = await runProgram(words, { cwd })
  return { ...ended, left: readdirSync(cwd, { recursive: true }).map(String).sort() }
}

interface Usage {
  readonly title: string
  readonly words: readonly string[]
  readonly says: RegExp
}

const wrong: readonly Usage[] = [
  { title: 'no verb', words: [], says: /^Usage: cutover .*Commands:\n {2}rehearse/s },
  {
    title: 'an unknown verb',
    words: ['rehearze', 'x.yaml'],
    says: /unknown command 'rehearze'\n.*Did you mean rehearse\?/s,
  },
  { title: 'an unknown option', words: ['rehearse', steady, '--colour'], says: /unknown option '--colour'/ },
  { title: 'no scenario', words: ['rehearse'], says: /missing required argument 'scenario'/ },
  {
    title: 'a scenario that is not there',
    words: ['rehearse', 'missing.yaml'],
    says: /^missing\.yaml: there is no such file; .*\n1 problem; nothing was started\.\n$/,
  },
  {
    title: 'a scenario that is a folder',
    words: ['rehearse', '.'],
    says: /^\.: is a folder, not a file; /,
  },
  {
    title: 'a world that is none',
    words: ['rehearse', steady, '--world', 'nowhere'],
    says: /^--world: there is no world nowhere; local, simulated or external\n/,
  },
  {
    title: 'a store that processes cannot share',
    words: ['rehearse', steady, '--store', 'memory'],
    says: /^--store: the local world cannot use the store memory; use sqlite, mariadb or mysql:/,
  },
  {
    title: 'a store in the simulated world',
    words: ['rehearse', steady, '--world', 'simulated', '--store', 'sqlite'],
    says: /^--store: the simulated world cannot use the store sqlite; leave --store away\n/,
  },
  {
    title: 'a store that is none',
    words: ['rehearse', steady, '--store', 'postgres'],
    says: /^--store: "postgres" is no store; /,
  },
  {
    title: 'a seed and a speed that are none, both at once',
    words: ['rehearse', steady, '--seed', '-1', '--speed', '0'],
    says: /^--seed: "-1" is no seed; .*\n--speed: "0" is no speed; .*\n2 problems; nothing was started\.\n$/,
  },
  {
    title: 'a run that is not there',
    words: ['report', 'nowhere'],
    says: /^nowhere: there is no such folder; /,
  },
  {
    title: 'a comparison of times and runs that are none, with a margin that is none, all at once',
    words: ['gate', 'nowhere', '--baseline', 'nobody', '--times', 'p50,bogus', '--margin', '0'],
    says: /^--margin: 0 is no rise .*\n--times: there is no time bogus; some of cpu,p50.*\nnowhere: .*\nnobody: .*\n4 problems; nothing was started\.\n$/,
  },
  {
    title: 'another build that is not there',
    words: ['rehearse', steady, '--against', 'nowhere'],
    says: /^--against: there is no build in nowhere; /,
  },
  { title: 'a folder that is no run’s', words: ['report', '.'], says: /holds no run\.json/ },
]

describe('wrong usage', () => {
  let runs: readonly (Awaited<ReturnType<typeof cutover>> & { title: string })[]
  beforeAll(async () => {
    // Two at a time: they wait for the start of Node.js more than for each other.
    const left = wrong.map((usage, i) => ({ ...usage, i }))
    const done: (Awaited<ReturnType<typeof cutover>> & { title: string })[] = []
    const work = async (): Promise<void> => {
      for (let next = left.shift(); next !== undefined; next = left.shift()) {
        done[next.i] = { ...(await cutover(...next.words)), title: next.title }
      }
    }
    await Promise.all([work(), work()])
    runs = done
  })

  test.each(wrong.map(({ title, says }, i) => ({ title, says, i })))(
    '$title ends with 2, says so on stderr and leaves nothing behind',
    ({ says, i }) => {
      const { code, stdout, stderr, left } = runs[i] as (typeof runs)[number]
      expect({ code, stdout, left }).toEqual({ code: 2, stdout: '', left: [] })
      expect(stderr).toMatch(says)
    },
  )

  test('is never shown in colour where nobody sees it', () => {
    for (const { stderr } of runs) expect(stderr).not.toContain('\u001b')
  })
})

describe('help and version', () => {
  test('of the program go to stdout with the exit codes and an example', async () => {
    const { code, stdout, stderr } = await cutover('--help')
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain('Exit codes: 0 pass · 1 a gate failed · 2 bad input')
    expect(stdout).toContain('cutover rehearse scenarios/')
  })

  test.each(['rehearse', 'report', 'serve'])('of %s show an example', async (verb) => {
    const { code, stdout } = await cutover(verb, '--help')
    expect(code).toBe(0)
    expect(stdout).toMatch(new RegExp(`Examples?:\\n {2}cutover ${verb} `))
  })

  test('tell the version of the package', async () => {
    const manifest = JSON.parse(readFileSync(fixtureFile('../package.json'), 'utf8')) as { version: string }
    expect(await cutover('--version')).toMatchObject({ code: 0, stdout: `${manifest.version}\n` })
  })
})

describe('a broken scenario', () => {
  test('is told of with all its problems, each with line and column, and no folder is made', async () => {
    const file = fixtureFile('scenario/fixtures/broken.yaml')
    const { code, stdout, stderr, left } = await cutover('rehearse', file)
    expect({ code, stdout, left }).toEqual({ code: 2, stdout: '', left: [] })
    const lines = stderr.trimEnd().split('\n')
    const problems = lines.slice(0, -1)
    for (const line of problems) expect(line.startsWith(file)).toBe(true)
    for (const line of problems) expect(line.slice(file.length)).toMatch(/^:\d+:\d+: \S+: \S/)
    expect(lines.at(-1)).toBe(`${problems.length} problems; nothing was started.`)
    // The golden list of the parser's test, but for the gates, whose parser is a stand-in there.
    const golden = readFileSync(fixtureFile('scenario/fixtures/broken.golden.txt'), 'utf8')
      .trimEnd()
      .split('\n')
    const places = (list: readonly string[]): readonly string[] =>
      list.map((line) => line.replace(file, 'test.yaml')).filter((line) => !line.includes('gates['))
    expect(places(problems)).toEqual(places(golden))
    expect(problems.filter((line) => line.includes('gates['))).toHaveLength(2)
  })
})

describe('a run of the program', () => {
  const simulated = async (gates: string, ...more: readonly string[]) => {
    const folder = mkdtempSync(path.join(home, 'run-'))
    const file = path.join(folder, 'steady.yaml')
    writeFileSync(file, `${readFileSync(steady, 'utf8')}gates: [${gates}]\n`)
    const out = path.join(folder, 'out')
    return { ...(await cutover('rehearse', file, '--world', 'simulated', '--out', out, ...more)), out }
  }

  test('ends with 0 where its gates hold, and prints charts on stdout and progress on stderr', async () => {
    const { code, stdout, stderr, left } = await simulated('"rejected(window=all) == 0"')
    expect({ code, left }).toEqual({ code: 0, left: [] })
    expect(stdout).toContain('PASS')
    expect(stdout).not.toContain('\u001b')
    expect(stderr).not.toContain('\u001b')
  })

  test('ends with 1 where a gate fails', async () => {
    const { code, stdout } = await simulated('"rows(at=end) == 0"')
    expect(code).toBe(1)
    expect(stdout).toContain('FAIL')
  })

  test('ends with 4 where a gate has no data', async () => {
    const { code } = await simulated('"rows(at=cutover) > 0"')
    expect(code).toBe(4)
  })

  test('prints the summary that it has written, where JSON is asked for', async () => {
    const { code, stdout, out } = await simulated('', '--json', '--seed', '5')
    expect(code).toBe(0)
    expect(JSON.parse(stdout)).toMatchObject({ format: 'cutover/summary@1', seed: 5, verdict: 'pass' })
    expect(JSON.parse(stdout)).toEqual(JSON.parse(readFileSync(path.join(out, 'summary.json'), 'utf8')))
    const drawn = await runProgram(['report', out, '--json'])
    expect(JSON.parse(drawn.stdout)).toEqual(JSON.parse(stdout))
  })

  test('draws a run again with report, on the terminal and as a file', async () => {
    const { out, stdout } = await simulated('')
    const html = path.join(home, 'again.html')
    const drawn = await runProgram(['report', out, '--html', html])
    expect(drawn).toMatchObject({ code: 0, stderr: '' })
    expect(readFileSync(html, 'utf8')).toBe(readFileSync(path.join(out, 'report.html'), 'utf8'))
    const withoutPath = (text: string): string =>
      text.replaceAll(html, 'HTML').replaceAll(`${out}/report.html`, 'HTML')
    expect(withoutPath(drawn.stdout)).toBe(withoutPath(stdout))
  })

  test('refuses a folder that holds something, and leaves it as it is', async () => {
    const out = path.join(home, 'taken')
    mkdirSync(out)
    writeFileSync(path.join(out, 'mine.txt'), 'mine')
    const { code, stderr } = await cutover('rehearse', steady, '--world', 'simulated', '--out', out)
    expect(code).toBe(2)
    expect(stderr).toMatch(/--out: the folder is not empty; /)
    expect(readdirSync(out)).toEqual(['mine.txt'])
  })

  test('ends with 3 where the world does not start, names no password and leaves no folder', async () => {
    // Nobody listens on port 1.
    const url = 'mysql://keystone:hunter2@127.0.0.1:1/keystone'
    const { code, stdout, stderr, left } = await cutover('rehearse', steady, '--store', url)
    expect({ code, stdout }).toEqual({ code: 3, stdout: '' })
    expect(stderr).toContain('ECONNREFUSED')
    expect(stderr).not.toContain('hunter2')
    expect(left).toEqual(['reports'])
  })
})
