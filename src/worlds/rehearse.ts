// One rehearsal, from a checked scenario to a verdict: opens a world, lets the engine run in it, keeps the record.
// The run's folder is written as the run goes, so that whatever ends it, there is something to draw.
import { rmdir } from 'node:fs/promises'
import { StoppedError } from '../base/errors.js'
import { timeLeftSec } from '../base/timeLeft.js'
import type { GeneratorLoad, RunEnd, RunHeader, RunRecord } from '../measure/record.js'
import { collectRecord } from '../measure/fold.js'
import { summarise, type Summary } from '../measure/summary.js'
import { watchGenerator, type GeneratorWatch } from '../io/generatorWatch.js'
import { createRunFolder, type RunFolderError } from '../io/runFolder.js'
import { readReportAssets } from '../io/reportAssets.js'
import type { StoreChoice } from '../io/store/open.js'
import { Engine } from '../rehearsal/engine.js'
import { reportView } from '../rehearsal/reportView.js'
import { renderHtml } from '../render/html.js'
import { renderJunit } from '../render/junit.js'
import type { ReportView } from '../render/view.js'
import type { Scenario } from '../scenario/scenario.js'
import { micros, toSec } from '../base/time.js'
import { openExternalWorld } from './external/world.js'
import { Keeping } from './keeping.js'
import { openLocalWorld } from './local/world.js'
import { BackendWords } from './backendWords.js'
import type { Onlooker, Pulse, RunMoment } from './onlooker.js'
import { headerOf } from './runHeader.js'
import { openSimulatedWorld } from './simulated/world.js'
import type { OpenWorldOptions, Progress, World, WorldName } from './world.js'

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
  /** Whether everything could be written into the folder. */
  readonly complete: boolean
}

const openers: Readonly<Record<WorldName, (options: OpenWorldOptions) => Promise<World>>> = {
  simulated: openSimulatedWorld,
  local: openLocalWorld,
  external: openExternalWorld,
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
    const results = { end, summary, reportHtml, junitXml }
    let complete = await folder.finish(results)
    if (!complete) {
      // Keys and store lie in the same folder: without them there may be space again.
      await world.close()
      complete = await folder.finish(results)
    }
    for (const onlooker of onlookers) await onlooker.ended?.(reportHtml)
    return { summary, view, folder: folder.path, complete }
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
  const words = new BackendWords(world.backendWords?.bind(world))
  const look = (): RunMoment => {
    const nowSec = Math.min(toSec(world.clock.now()), scenario.durationSec)
    const speed = world.clock.jumps === true ? null : world.timeMap.stretchAt(nowSec).speed
    const load = generator ?? watch?.look() ?? null
    const backends = words.look(performance.now())
    return { nowSec, speed, calls: engine.callCount, generator: load, backends, manual: engine.manualSteps() }
  }
  const { provider } = scenario.identity
  const trigger = (number: number): boolean => engine.trigger(number)
  for (const onlooker of options.onlookers ?? []) onlooker.running?.({ provider, look, trigger })
  await world.run(ended)
  return { interrupted, endedSec, generator }
}
