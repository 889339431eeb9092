// One rehearsal, from a checked scenario to a verdict: opens a world, lets the engine run in it, keeps the record.
// The run's folder is written as the run goes, so that whatever ends it, there is something to draw.
import { rmdir } from 'node:fs/promises'
import { cpus, totalmem } from 'node:os'
import { StoppedError } from '../base/errors.js'
import { timeLeftSec } from '../base/timeLeft.js'
import { version } from '../base/version.js'
import type {
  CostsOfRun,
  EventLine,
  GeneratorLoad,
  RunEnd,
  RunHeader,
  RunRecord,
  SeriesLine,
} from '../measure/record.js'
import { collectRecord } from '../measure/fold.js'
import { createRecorder } from '../measure/recorder.js'
import type { Sample } from '../measure/sample.js'
import { summarise, type Summary } from '../measure/summary.js'
import { watchGenerator, type GeneratorWatch } from '../io/generatorWatch.js'
import { createRunFolder, type RunFolder, type RunFolderError } from '../io/runFolder.js'
import { readReportAssets } from '../io/reportAssets.js'
import type { StoreChoice } from '../io/store/open.js'
import { Engine } from '../rehearsal/engine.js'
import type { Recording } from '../rehearsal/recording.js'
import { intervalWidthSec } from '../rehearsal/interval.js'
import type { ManualStep } from '../rehearsal/manualSteps.js'
import { reportView } from '../rehearsal/reportView.js'
import { renderHtml } from '../render/html.js'
import { renderJunit } from '../render/junit.js'
import type { ReportView } from '../render/view.js'
import type { Scenario } from '../scenario/scenario.js'
import { micros, toSec } from '../base/time.js'
import type { ProviderMode } from '../token/mode.js'
import { openExternalWorld } from './external/world.js'
import { profileOf } from './costs/serviceTimes.js'
import { openLocalWorld } from './local/world.js'
import { openSimulatedWorld } from './simulated/world.js'
import type { OpenWorldOptions, Progress, World, WorldName } from './world.js'

/** What there is to see while a run goes on. */
export interface Pulse {
  readonly nowSec: number
  readonly durationSec: number
  readonly speed: number
  readonly calls: number
  readonly rejected: number
  readonly rows: number | null
  /** Real seconds to the end of the run: by the scenario's speeds, or estimated where time jumps; null while nothing can be said. */
  readonly leftSec: number | null
}

/** Told of a run while it goes on. Nothing here may take long: the load generator waits for it. */
export interface Onlooker {
  /** Once, how it begins. */
  begun(header: RunHeader): void
  /** Each line of its record as it is written. */
  line(line: SeriesLine): void
  /** The first request is about to be sent. */
  running?(run: RunUnderWay): void
  /** The report is written; settled when it was shown. */
  ended?(reportHtml: string): Promise<void>
}

/** What may be asked of a run while it goes on. */
export interface RunUnderWay {
  /** The provider of all backends when it starts. */
  readonly provider: ProviderMode
  /** How it stands right now. */
  readonly look: () => RunMoment
  /** Does a step that waits for the operator; false if none with this number does. */
  readonly trigger: (number: number) => boolean
}

/** How a run stands between two lines of its record. */
export interface RunMoment {
  readonly nowSec: number
  /** Scenario seconds in a real second; null where time jumps. */
  readonly speed: number | null
  /** Calls begun so far. */
  readonly calls: number
  /** What the generator had of the machine so far; null where it takes no part in the run's time. */
  readonly generator: GeneratorLoad | null
  /** Steps of the timeline that wait for the operator. */
  readonly manual: readonly ManualStep[]
}

export interface RehearseOptions {
  readonly scenario: Scenario
  readonly scenarioText: string
  readonly world: WorldName
  readonly store: StoreChoice
  /** The command that runs it again. */
  readonly command: string
  readonly reportsRoot: string
  readonly out?: string
  readonly onProgress: (progress: Progress) => void
  readonly onPulse: (pulse: Pulse) => void
  readonly onFolderProblem: (problem: RunFolderError) => void
  readonly onlookers?: readonly Onlooker[]
  /** Of the external world alone. */
  readonly external?: OpenWorldOptions['external']
  /** Told of what a person must know beside the record. */
  readonly onWarning?: (text: string) => void
  /**
   * Handed, before anything is started, a function that ends the run early. What was measured so far is reported; before
   * the first request everything started is ended again, and `rehearse` throws a StoppedError.
   */
  readonly onStarted: (stop: (reason: string) => void) => void
}

export interface Rehearsed {
  readonly summary: Summary
  readonly view: ReportView
  readonly folder: string
}

const openers: Readonly<Record<WorldName, (options: OpenWorldOptions) => Promise<World>>> = {
  simulated: openSimulatedWorld,
  local: openLocalWorld,
  external: openExternalWorld,
}

/** Caches fill for as long as the middleware remembers; until then a run is not what it will be. */
const warmupSec = (scenario: Scenario): number =>
  Math.min(scenario.middleware.tokenCacheSec, scenario.durationSec / 10)

/** Whose response times a run shows. */
const costsOf = ({ identity }: Scenario): CostsOfRun => {
  const profile = profileOf(identity)
  if (profile !== null) return { kind: 'profile', profile: profile.name, workers: identity.processes }
  return { kind: identity.costs === 'native' ? 'native' : 'stated' }
}

const headerOf = (options: RehearseOptions, storeName: string, startedAt: Date): RunHeader => {
  const { scenario } = options
  return {
    format: 'cutover/run@1',
    scenario: scenario.name,
    description: scenario.description,
    seed: scenario.seed,
    world: options.world,
    store: storeName,
    version,
    machine: {
      cpus: cpus().length,
      memoryBytes: totalmem(),
      node: process.version,
      platform: `${process.platform} ${process.arch}`,
    },
    startedAt: startedAt.toISOString(),
    command: options.command,
    scenarioText: options.scenarioText,
    durationSec: scenario.durationSec,
    intervalSec: intervalWidthSec(scenario.durationSec),
    clock:
      options.world === 'simulated'
        ? [{ untilSec: scenario.durationSec, speed: 1, traffic: 1 }]
        : scenario.clock,
    classes: scenario.clients.map(({ name, behaviour, members, everySec }) => ({
      name,
      behaviour,
      members,
      everySec,
    })),
    backends: scenario.identity.backends,
    expirationSec: scenario.identity.expirationSec,
    ...(options.world === 'external' ? {} : { costs: costsOf(scenario) }),
    maxActiveKeys: scenario.identity.keys.maxActiveKeys,
    gates: scenario.gates,
    latenessLimitMs: scenario.limits.latenessP99Ms,
    warmupSec: warmupSec(scenario),
  }
}

/** Everything that is kept of a run while it goes, in memory and on disk alike. */
class Keeping implements Recording {
  readonly lines: SeriesLine[] = []
  rejected = 0
  rows: number | null = null
  private readonly recorder
  private readonly folder: RunFolder

  constructor(
    header: RunHeader,
    senders: readonly string[],
    folder: RunFolder,
    onlookers: readonly Onlooker[],
  ) {
    this.folder = folder
    this.recorder = createRecorder({
      intervalSec: header.intervalSec,
      durationSec: header.durationSec,
      warmupSec: header.warmupSec,
      classes: senders,
      stretches: header.clock,
      emit: (line) => {
        this.lines.push(line)
        folder.appendSeries(line)
        for (const onlooker of onlookers) onlooker.line(line)
      },
      emitHlog: (line) => folder.appendLatency(line),
    })
  }

  record(sample: Sample): void {
    if (sample.leg === 'client' && sample.outcome === 'rejected') this.rejected++
    this.recorder.record(sample)
  }

  quietCall(clientClass: string, atSec: number): void {
    this.recorder.quietCall(clientClass, atSec)
  }

  table(line: Extract<SeriesLine, { kind: 'table' }>): void {
    this.rows = line.rows
    this.recorder.table(line)
  }

  event(line: EventLine): void {
    this.recorder.event(line)
  }

  markCutover(atSec: number): void {
    this.recorder.markCutover(atSec)
  }

  uuidSeenSec(): number | null {
    return this.recorder.uuidSeenSec()
  }

  memberHit(clientClass: string): void {
    this.recorder.memberHit(clientClass)
  }

  memberWithout(clientClass: string, seconds: number): void {
    this.recorder.memberWithout(clientClass, seconds)
  }

  advance(nowSec: number): void {
    this.recorder.advance(nowSec)
  }

  finish(nowSec: number) {
    return this.recorder.finish(nowSec)
  }

  hash(): string {
    return this.folder.seriesHash()
  }
}

/**
 * Runs a scenario in a world. Throws InputError or WorldError before anything was sent; after that every fault is part
 * of the record.
 */
export const rehearse = async (options: RehearseOptions): Promise<Rehearsed> => {
  const { scenario } = options
  const startedAt = new Date()
  const startedMs = performance.now()
  const folder = await createRunFolder({
    root: options.reportsRoot,
    scenarioName: scenario.name,
    now: startedAt,
    ...(options.out === undefined ? {} : { out: options.out }),
    onProblem: options.onFolderProblem,
  })
  let keeping: Keeping | null = null
  const halt = new AbortController()
  let stop = (_reason: string): void =>
    halt.abort(new StoppedError('Stopped before the first request: nothing to report.'))
  options.onStarted((reason) => stop(reason))
  const world = await openers[options.world]({
    scenario,
    store: options.store,
    folder: folder.path,
    signal: halt.signal,
    onProgress: options.onProgress,
    onFault: (fault) => keeping?.event(fault),
    onStop: (reason) => stop(reason),
    ...ofExternal(options),
  }).catch(async (error: unknown) => {
    // There was no run, so there is no folder of one, unless somebody put something into it.
    await folder.abandon()
    await rmdir(folder.path).catch(() => undefined)
    throw error
  })
  try {
    const header = headerOf(options, world.storeName, startedAt)
    await folder.start(header)
    const { onlookers = [] } = options
    const kept = new Keeping(header, world.population.senders, folder, onlookers)
    keeping = kept
    for (const onlooker of onlookers) onlooker.begun(header)
    const { interrupted, endedSec, generator } = await conduct(options, world, header, kept, (given) => {
      stop = given
    })
    const nowSec = Math.min(endedSec, scenario.durationSec)
    const backendsCpuSec = (await world.backendsCpuSec?.()) ?? null
    options.onProgress({ phase: 'ending', done: 0, total: 1, text: 'report' })
    const end: RunEnd = {
      ...kept.finish(nowSec),
      endedAt: new Date().toISOString(),
      wallSec: (performance.now() - startedMs) / 1000,
      scenarioSec: nowSec,
      interrupted,
      ...(generator === null ? {} : { generator }),
      ...(backendsCpuSec === null ? {} : { backendsCpuSec }),
      runHash: kept.hash(),
    }
    const record = collectRecord(header, kept.lines, end)
    const { summary, view } = judge(record)
    const reportHtml = renderHtml(view, await readReportAssets())
    const junitXml = summary.gates.length === 0 ? null : renderJunit(summary)
    await folder.finish({ end, summary, reportHtml, junitXml })
    for (const onlooker of onlookers) await onlooker.ended?.(reportHtml)
    return { summary, view, folder: folder.path }
  } catch (error) {
    await folder.abandon()
    throw error
  } finally {
    await world.close()
  }
}

const ofExternal = ({ external, onWarning }: RehearseOptions): Partial<OpenWorldOptions> => ({
  ...(external === undefined ? {} : { external }),
  ...(onWarning === undefined ? {} : { onWarning }),
})

/** Summary and view of a record, as every verb that draws a run wants them. */
export const judge = (record: RunRecord): { readonly summary: Summary; readonly view: ReportView } => {
  const summary = summarise(record)
  return { summary, view: reportView(record, summary) }
}

/** Why a run was stopped, where scenario time stood at its end, and what the generator had of the machine. */
interface Conducted {
  readonly interrupted: string | null
  readonly endedSec: number
  readonly generator: GeneratorLoad | null
}

/** Real seconds to the end: known where time passes at the scenario's speeds, estimated where it jumps. */
const leftSec = (
  { clock, timeMap }: World,
  nowSec: number,
  durationSec: number,
  elapsedSec: number,
): number | null =>
  clock.jumps === true
    ? timeLeftSec({ done: nowSec, total: durationSec, elapsedSec })
    : Math.max(0, timeMap.realSec(durationSec) - timeMap.realSec(nowSec))

/** Lets the engine run to its end, or to a stop. */
const conduct = async (
  options: RehearseOptions,
  world: World,
  header: RunHeader,
  kept: Keeping,
  onRunning: (stop: (reason: string) => void) => void,
): Promise<Conducted> => {
  const { scenario } = options
  const startedMs = performance.now()
  let interrupted: string | null = null
  let endedSec = 0
  let watch: GeneratorWatch | null = null
  let generator: GeneratorLoad | null = null
  let finished = (): void => {}
  const ended = new Promise<void>((resolve) => {
    finished = resolve
  })
  const engine = new Engine({
    scenario,
    timeMap: world.timeMap,
    population: world.population,
    clock: world.clock,
    target: world.target,
    control: world.control,
    evidence: world.evidence,
    recording: kept,
    intervalSec: header.intervalSec,
    onInterval: (nowSec) =>
      options.onPulse({
        nowSec,
        durationSec: scenario.durationSec,
        speed: world.timeMap.stretchAt(nowSec).speed,
        calls: engine.callCount,
        rejected: kept.rejected,
        rows: kept.rows,
        leftSec: leftSec(world, nowSec, scenario.durationSec, (performance.now() - startedMs) / 1000),
      }),
    onEnd: () => {
      endedSec = toSec(world.clock.now())
      generator = watch?.end() ?? null
      finished()
    },
  })
  // From the first instant of scenario time: what comes before it is no part of the run.
  if (world.clock.jumps !== true) world.clock.at(micros(0), () => (watch = watchGenerator()))
  engine.start()
  onRunning((reason) => {
    interrupted ??= reason
    engine.stop()
  })
  const look = (): RunMoment => {
    const nowSec = Math.min(toSec(world.clock.now()), scenario.durationSec)
    const speed = world.clock.jumps === true ? null : world.timeMap.stretchAt(nowSec).speed
    const load = generator ?? watch?.look() ?? null
    return { nowSec, speed, calls: engine.callCount, generator: load, manual: engine.manualSteps() }
  }
  const { provider } = scenario.identity
  const trigger = (number: number): boolean => engine.trigger(number)
  for (const onlooker of options.onlookers ?? []) onlooker.running?.({ provider, look, trigger })
  await world.run(ended)
  return { interrupted, endedSec, generator }
}
