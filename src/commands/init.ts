// cutover init: a commented scenario for one's own cloud, from a few questions or options.
// It asks only where somebody sits at a terminal, and writes nothing that the parser would refuse.
import { existsSync, statSync } from 'node:fs'
import { writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { assert, InputError, type Problem } from '../base/errors.js'
import { releaseProfiles } from '../identity/release.js'
import { ask } from '../io/terminalQuestions.js'
import { checkGate } from '../measure/gates.js'
import { draftScenario, draftStrategies, type Draft } from '../scenario/draft.js'
import { parseScenario } from '../scenario/parse.js'
import { readDuration, readRate } from '../scenario/units.js'
import { requiredKeys } from '../token/keyring.js'
import { exitCodes, UsageEnd } from './exit.js'
import { issuesWrong, wanted } from './initQuestions.js'
import { OptionReader } from './optionReader.js'
import type { Surroundings } from './terminal.js'

type Options = Readonly<Record<string, string | boolean | undefined>>
type Answers = ReadonlyMap<string, string>

const given = (options: Options, key: string): string | undefined => {
  const value = options[key]
  return typeof value === 'string' ? value : undefined
}

/** Keys of `[fernet_tokens]` that this program can play. */
const keysMost = 52

/** Adds what is wrong with the options, each on its own. */
const checkOptions = (reader: OptionReader, options: Options): void => {
  for (const { key, option, wrong } of wanted) {
    const text = given(options, key)
    const problem = text === undefined ? undefined : wrong(text)
    if (problem !== undefined) reader.add({ path: option.replace(/ .*/, ''), ...problem })
  }
  const issues = given(options, 'issues')
  if (issues === undefined) return
  const problem = issuesWrong(issues)
  if (problem !== undefined) reader.add({ path: '--issues', ...problem })
  if (given(options, 'live') !== undefined) {
    const remedy = 'give one: the other follows, live = issues × validity'
    reader.add({ path: '--issues, --live', message: 'both were given', remedy })
  }
}

const takenRemedy = 'name another file, or overwrite it with --force'

/** Adds what stands in the way of writing the file: nobody shall answer twenty questions for nothing. */
const checkTarget = (reader: OptionReader, file: string, force: boolean): void => {
  reader.outputFile('FILE', file)
  if (!force && existsSync(file) && statSync(file).isFile())
    reader.add({ file, message: 'is there already', remedy: takenRemedy })
}

/** Answers by key: of the options, of the person at the terminal, and else the defaults. */
const gather = async (options: Options, surroundings: Surroundings): Promise<Answers> => {
  const { terminal } = surroundings
  const asking = options['yes'] !== true && terminal !== undefined
  const answers = new Map<string, string>()
  for (const { key, ask: message, initial, choices, wrong } of wanted) {
    const own = given(options, key)
    const known = own ?? (key === 'live' && given(options, 'issues') !== undefined ? '0' : undefined)
    if (known !== undefined || !asking) {
      answers.set(key, known ?? initial)
      continue
    }
    const answer = await ask(terminal, {
      message: `${message.charAt(0).toUpperCase()}${message.slice(1)}?`,
      initial,
      ...(choices === undefined ? {} : { choices }),
      wrong: (text) => {
        const problem = wrong(text)
        return problem === undefined ? undefined : `${problem.message}; ${problem.remedy}`
      },
    })
    if (answer === null) {
      surroundings.stderr.write('Stopped; nothing was written.\n')
      throw new UsageEnd(exitCodes.input)
    }
    answers.set(key, answer)
  }
  return answers
}

const isRelease = (name: string): name is keyof typeof releaseProfiles => Object.hasOwn(releaseProfiles, name)

/** Answers that were checked one by one, as what a draft is made of. */
const toDraft = (answers: Answers, issues: string | undefined): Draft => {
  const text = (key: string): string => answers.get(key) ?? ''
  const number = (key: string): number => Number(text(key))
  const seconds = (key: string): number => {
    const reading = readDuration(text(key))
    assert(reading.ok, `${key} was checked`)
    return reading.value
  }
  const release = text('release')
  assert(isRelease(release), 'the release was checked')
  const strategy = draftStrategies.find((name) => name === text('strategy'))
  assert(strategy !== undefined, 'the strategy was checked')
  const [validitySec, rotationSec] = [seconds('validity'), seconds('rotation')]
  const rate = issues === undefined ? null : readRate(issues)
  return {
    name: text('name'),
    users: number('users'),
    projects: number('projects'),
    services: [
      ...new Set(
        text('services')
          .split(',')
          .map((name) => name.trim()),
      ),
    ],
    release,
    backends: number('backends'),
    from: text('from') === 'fernet' ? 'fernet' : 'uuid',
    to: text('to') === 'fernet' ? 'fernet' : 'uuid',
    // Little's law: what is there = rate × time that each stays.
    live: rate?.ok === true ? Math.round(rate.value * validitySec) : number('live'),
    validitySec,
    windowSec: releaseProfiles[release].allowExpiredWindowSec,
    flushSec: text('flush') === 'never' ? null : seconds('flush'),
    rotationSec,
    maxActiveKeys: requiredKeys({ validitySec, rotationSec }),
    cacheTimeSec: seconds('cacheTime'),
    sessions: number('sessions'),
    commandLines: number('commandLines'),
    savedTokens: number('savedTokens'),
    heat: number('heat'),
    magnum: number('magnum'),
    strategy,
  }
}

/** What does not fit together. */
const draftProblems = (draft: Draft): readonly Problem[] => {
  const problems: Problem[] = []
  const holders = draft.sessions + draft.savedTokens + draft.heat + draft.magnum
  if (draft.from === draft.to) {
    const remedy = 'name the provider that you have with --from, the other with --to'
    problems.push({ path: '--from, --to', message: `both are ${draft.to}`, remedy })
  }
  if (draft.release === 'zed' && (draft.from === 'uuid' || draft.to === 'uuid')) {
    const remedy = 'UUID tokens ended with Rocky: name a release up to queens'
    problems.push({ path: '--release', message: 'zed has no UUID tokens', remedy })
  }
  if (holders + draft.commandLines === 0) {
    const remedy = 'give --sessions, --command-lines, --saved-tokens, --heat or --magnum'
    problems.push({ path: '--sessions', message: 'nobody is there to call', remedy })
  }
  if (holders > draft.live) {
    problems.push({
      path: '--live',
      message: `${draft.live} live tokens are fewer than the ${holders} that sessions, scripts, stacks and clusters hold`,
      remedy: `give at least ${holders}, or fewer of them`,
    })
  }
  if (draft.live > 10_000_000) {
    const remedy = 'at most 10,000,000 can be rehearsed: give a lower --issues'
    problems.push({ path: '--issues', message: `${draft.live} tokens would live at a time`, remedy })
  }
  if (draft.maxActiveKeys > keysMost) {
    const remedy = 'rotate less often: validity / rotation + 2 keys are needed'
    problems.push({
      path: '--rotation',
      message: `${draft.maxActiveKeys} keys would be needed, at most ${keysMost} can be`,
      remedy,
    })
  }
  return problems
}

/** The published schema, as a file of this package. */
const schemaFile = fileURLToPath(new URL('../../scenarios/scenario.schema.json', import.meta.url))

const refuse = (problems: readonly Problem[]): void => {
  if (problems.length > 0) throw new InputError(problems)
}

const write = async (file: string, text: string, force: boolean): Promise<void> => {
  try {
    await writeFile(file, text, { flag: force ? 'w' : 'wx' })
  } catch (error) {
    const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : ''
    throw new InputError([
      code === 'EEXIST'
        ? { file, message: 'is there already', remedy: takenRemedy }
        : { file, message: `cannot be written (${code})`, remedy: 'name a file in a folder of yours' },
    ])
  }
}

const run = async (
  file: string | undefined,
  options: Options,
  reader: OptionReader,
  surroundings: Surroundings,
): Promise<number> => {
  checkOptions(reader, options)
  if (file !== undefined) checkTarget(reader, file, options['force'] === true)
  reader.done({})
  const draft = toDraft(await gather(options, surroundings), given(options, 'issues'))
  refuse(draftProblems(draft))
  const target = file ?? `${draft.name}.yaml`
  const schema = path.relative(path.dirname(path.resolve(target)), schemaFile)
  const text = draftScenario(draft, schema)
  // What is written can be run: the parser has the last word.
  const { warnings } = parseScenario({ file: target, text, checkGate })
  await write(target, text, options['force'] === true)
  for (const { path: at = '', message } of warnings) surroundings.stderr.write(`warning: ${at}: ${message}\n`)
  surroundings.stdout.write(
    `${target} is written. Read its comments, then:\n` +
      `  cutover rehearse ${target} --world simulated\n` +
      `  cutover rehearse ${target}\n`,
  )
  return exitCodes.pass
}

export const addInit = (
  program: Command,
  surroundings: Surroundings,
  ended: (code: number) => void,
): void => {
  const init = program
    .command('init')
    .argument('[file]', 'the scenario to write; default: NAME.yaml')
    .description('write a commented scenario for your own cloud, from a few questions or options')
  for (const { option, ask: what, initial, choices } of wanted) {
    init.option(
      option,
      `${what}${choices === undefined ? '' : `: ${choices.join(', ')}`} (default: ${initial})`,
    )
  }
  init
    .option('--issues <rate>', 'instead of --live: tokens issued, such as 3.5/s')
    .option('--yes', 'ask nothing: what is not given has its default')
    .option('--force', 'overwrite the file if it is there')
    .addHelpText(
      'after',
      '\nWithout a terminal nothing is asked.\n\nExamples:\n  cutover init\n  cutover init my-cloud.yaml --yes --live 300000 --validity 24h --rotation 6h --strategy dual',
    )
    .action(async (file: string | undefined, options: Options, command: Command) => {
      ended(await run(file, options, new OptionReader(command), surroundings))
    })
}
