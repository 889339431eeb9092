// cutover plan: keys, table, flushes, drain and workers from a few numbers, by formulas alone.
// Nothing is started or measured; figures measured elsewhere may be given.
import type { Command } from 'commander'
import { releaseProfiles } from '../identity/release.js'
import { answersOf } from '../plan/capacity.js'
import type { WorkerTarget } from '../plan/mixedQueue.js'
import { readMeasured, type PlannedFrom } from '../plan/measuredCapacity.js'
import { makePlan, type PlannedLoad, type PlannedWorkers } from '../plan/plan.js'
import { flushRateNear } from '../plan/tableCost.js'
import { issuesPerSecOf } from '../plan/tableGrowth.js'
import { renderPlan } from '../render/planReport.js'
import { readRate, readShare, readSize } from '../scenario/units.js'
import { exitCodes } from './exit.js'
import { readFileOrProblem } from './inputFile.js'
import { OptionReader } from './optionReader.js'
import { colourOf, columnsOf, type Surroundings } from './terminal.js'

interface Options {
  readonly live?: string
  readonly issues?: string
  readonly validations?: string
  readonly validity: string
  readonly rotation: string
  readonly maxActiveKeys?: string
  readonly allowExpiredWindow?: string
  readonly flush: string
  readonly flushRate?: string
  readonly rowBytes?: string
  readonly measured?: string
  readonly release: string
  readonly issueTime?: string
  readonly validateTime?: string
  readonly within: string
  readonly share: string
  readonly busy: string
  readonly json?: boolean
}

const releaseNames = Object.keys(releaseProfiles)

const isRelease = (name: string): name is keyof typeof releaseProfiles => Object.hasOwn(releaseProfiles, name)

/** The rate of issuing: said, or following from how many tokens live at a time. */
const readIssues = (options: Options, validitySec: number, reader: OptionReader): number => {
  const { live, issues } = options
  if ((live === undefined) === (issues === undefined)) {
    reader.add({
      path: '--issues, --live',
      message: live === undefined ? 'neither was given' : 'both were given',
      remedy: 'say how many tokens are issued (--issues 3.5/s), or how many live at a time (--live 300000)',
    })
    return 0
  }
  const liveRows = reader.whole('--live', live, 1)
  return liveRows === undefined
    ? (reader.quantity('--issues', issues, readRate) ?? 0)
    : issuesPerSecOf(liveRows, validitySec)
}

/** What workers are to do; nothing is said of them unless their times are known. */
const readLoads = (
  options: Options,
  perSec: { readonly issue: number; readonly validate: number | undefined },
  reader: OptionReader,
): PlannedLoad[] => {
  const issueSec = reader.duration('--issue-time', options.issueTime, 'above zero')
  const validateSec = reader.duration('--validate-time', options.validateTime, 'above zero')
  const { issue, validate } = perSec
  const timesTyped = [options.issueTime, options.validateTime, options.measured].some(
    (each) => each !== undefined,
  )
  if (!timesTyped) {
    const remedy = 'add --issue-time, --validate-time or --measured, or leave it away'
    reader.idle(['--within', '--share', '--busy'], 'is of workers, whose times are not known', remedy)
  }
  if (validate !== undefined && options.validateTime === undefined && options.measured === undefined) {
    reader.add({
      path: '--validate-time',
      message: 'is needed with --validations',
      remedy: 'say how long a worker takes for one, as measured: --validate-time 20ms',
    })
  }
  return [
    ...(issueSec === undefined ? [] : [{ op: 'issue', perSec: issue, serviceSec: issueSec } as const]),
    ...(validateSec === undefined || validate === undefined
      ? []
      : [{ op: 'validate', perSec: validate, serviceSec: validateSec } as const]),
  ]
}

const workersOf = (
  measured: PlannedFrom | null,
  target: WorkerTarget,
  perSec: PlannedWorkers['perSec'],
): PlannedWorkers[] => {
  if (measured === null) return []
  const need = { ...target, validationsPerSec: perSec.validate, issuesPerSec: perSec.issue }
  return answersOf(measured.costs, need).map((answer) => ({ answer, perSec }))
}

const measuredRemedy = 'name a file that `cutover capacity --out` wrote'

/** The file of measured figures; null where none was named. */
const readMeasuredFile = async (
  file: string | undefined,
  reader: OptionReader,
): Promise<PlannedFrom | null> => {
  if (file === undefined) return null
  const text = await reader.attemptAsync(() => readFileOrProblem(file, measuredRemedy))
  if (text === undefined) return null
  const reading = readMeasured(text)
  if (reading.ok) return reading.measured
  for (const { path, message } of reading.problems)
    reader.add({ file, path, message, remedy: measuredRemedy })
  return null
}

/** Of an unmeasured table: a project-scoped token of a cloud with a dozen services. */
const usualRowBytes = 5000

const run = async (options: Options, reader: OptionReader, surroundings: Surroundings): Promise<number> => {
  const validitySec = reader.duration('--validity', options.validity, 'above zero') ?? 1
  const rotationSec = reader.duration('--rotation', options.rotation, 'above zero') ?? 1
  const flushEverySec = reader.duration('--flush', options.flush, 'above zero') ?? 1
  const withinSec = reader.duration('--within', options.within, 'above zero') ?? 1
  const windowSec = reader.duration('--allow-expired-window', options.allowExpiredWindow, 'zero')
  const maxActiveKeys = reader.whole('--max-active-keys', options.maxActiveKeys, 1) ?? null
  const measured = await readMeasuredFile(options.measured, reader)
  const rowBytes =
    reader.quantity('--row-bytes', options.rowBytes, readSize) ?? measured?.rowBytes ?? usualRowBytes
  const givenRate = reader.quantity('--flush-rate', options.flushRate, readRate)
  const share = reader.quantity('--share', options.share, readShare) ?? 0.99
  const busyMost = reader.quantity('--busy', options.busy, readShare) ?? 0.7
  const issuesPerSec = readIssues(options, validitySec, reader)
  const validationsPerSec = reader.quantity('--validations', options.validations, readRate)
  const loads = readLoads(options, { issue: issuesPerSec, validate: validationsPerSec }, reader)
  const source = options.measured === undefined ? '--validate-time' : '--measured'
  if (reader.isTyped(source) && options.validations === undefined) {
    reader.add({
      path: '--validations',
      message: `is needed with ${source}`,
      remedy: 'say how many validations Keystone answers: --validations 300/s',
    })
  }
  const { release } = options
  if (!isRelease(release)) {
    const message = `there is no release ${JSON.stringify(release)}`
    reader.add({ path: '--release', message, remedy: `one of ${releaseNames.join(', ')}` })
  }
  for (const [path, value] of [
    ['--share', share],
    ['--busy', busyMost],
  ] as const) {
    if (value > 0 && value < 1) continue
    reader.add({
      path,
      message: 'must lie between 0 % and 100 %',
      remedy: `write ${path} ${path === '--busy' ? '70%' : '99%'}`,
    })
  }
  reader.done({})
  const profile = releaseProfiles[isRelease(release) ? release : 'queens']
  const rowsPerSec =
    givenRate ?? (measured === null ? null : flushRateNear(measured.growth, issuesPerSec * validitySec))
  const figures = makePlan({
    issuesPerSec,
    validitySec,
    rotationSec,
    maxActiveKeys,
    windowSec: windowSec ?? profile.allowExpiredWindowSec,
    flushEverySec,
    rowBytes,
    flush: { ...profile.flush, rowsPerSec },
    loads,
    target: { share, withinSec, busyMost },
    measured: workersOf(
      measured,
      { share, withinSec, busyMost },
      {
        issue: issuesPerSec,
        validate: validationsPerSec ?? 0,
      },
    ),
  })
  surroundings.stdout.write(
    options.json === true
      ? `${JSON.stringify(figures, null, 2)}\n`
      : renderPlan(figures, { columns: columnsOf(surroundings), colour: colourOf(surroundings) }),
  )
  return exitCodes.pass
}

export const addPlan = (
  program: Command,
  surroundings: Surroundings,
  ended: (code: number) => void,
): void => {
  program
    .command('plan')
    .description('keys, table, flushes, drain and workers from a few numbers, each with its derivation')
    .option('--issues <rate>', 'tokens issued, such as 3.5/s')
    .option('--live <number>', 'or how many are good at a time')
    .option('--validity <duration>', '[token] expiration', '24h')
    .option('--rotation <duration>', 'time from one key rotation to the next', '6h')
    .option('--max-active-keys <number>', 'as it is now, to be judged')
    .option('--allow-expired-window <duration>', "instead of the release's own (0s before Ocata, 48h since)")
    .option('--flush <duration>', 'time from one token_flush to the next', '1h')
    .option('--flush-rate <rate>', 'rows that your database deletes, such as 5000/s')
    .option('--row-bytes <size>', 'size of a row of the table `token`; default: as measured, or 5000B')
    .option('--release <name>', releaseNames.join(', '), 'queens')
    .option('--validations <rate>', 'validations that Keystone answers, such as 300/s')
    .option('--issue-time <duration>', 'time that an issue keeps a worker busy, as measured')
    .option('--validate-time <duration>', 'time that a validation keeps a worker busy, as measured')
    .option('--within <duration>', 'response time wished for', '100ms')
    .option('--share <percent>', 'share of requests that shall keep it', '99%')
    .option('--busy <percent>', 'how busy a worker may be', '70%')
    .option(
      '--measured <file>',
      'figures of `cutover capacity --out`: workers and rows written by provider, size of a row, speed of a flush',
    )
    .option('--json', 'print the figures as JSON')
    .addHelpText(
      'after',
      '\nExamples:\n  cutover plan --live 300000 --release mitaka\n  cutover plan --issues 20/s --issue-time 60ms --validations 300/s --validate-time 15ms --within 200ms\n  cutover plan --issues 20/s --validations 300/s --measured capacity.json',
    )
    .action(async (options: Options, command: Command) => {
      ended(await run(options, new OptionReader(command), surroundings))
    })
}
