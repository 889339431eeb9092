// What a user sees while a run goes on: a block that is drawn over itself where the terminal holds it, else lines now and then.
// It decides what is shown when; how it looks is `render/live.ts`, how it is written `liveBlock.ts`.
import { timeLeftSec } from '../base/timeLeft.js'
import { LiveFigures } from '../measure/liveFigures.js'
import {
  blockColumnsLeast,
  blockRowsLeast,
  renderLiveBlock,
  renderLiveLines,
  renderLiveOpening,
  renderWorkBlock,
  toldNothing,
  workText,
  type BlockStyle,
  type LiveView,
  type LiveWork,
  type Told,
} from '../render/live.js'
import { fit } from '../render/text.js'
import { stepLabel } from '../rehearsal/timeline.js'
import type { Scenario } from '../scenario/scenario.js'
import type { Onlooker, Pulse, RunUnderWay } from '../worlds/onlooker.js'
import type { Progress, WorldName } from '../worlds/world.js'
import { createLiveBlock } from './liveBlock.js'
import { redraws, sentences, type Surroundings } from './terminal.js'

/** At most four frames a second: drawing takes time from the load generator. */
const frameEveryMs = 250
const lineEveryMs = 5000
/** Columns of a line where no terminal says how many it has. */
const lineColumns = 80

export interface RunScreen {
  readonly progress: (progress: Progress) => void
  readonly pulse: (pulse: Pulse) => void
  readonly onlooker: Onlooker
  /** Writes a line that stays. */
  readonly say: (text: string) => void
  readonly windDown: () => void
  /** Nothing is shown any more. */
  readonly end: () => void
}

export interface RunScreenOptions {
  readonly surroundings: Surroundings
  readonly scenario: Scenario
  readonly world: WorldName
  /** A clock in real milliseconds. */
  readonly nowMs: () => number
}

/** How much is done of each piece of work, and since when it is worked on. */
const createWorkClock = (nowMs: () => number) => {
  let name = ''
  let sinceMs = 0
  let doneBefore = 0
  return ({ phase, text, done, total }: Progress): LiveWork => {
    const now = nowMs()
    if (name !== `${phase} ${total}` || done < doneBefore) sinceMs = now
    name = `${phase} ${total}`
    doneBefore = done
    const leftSec = timeLeftSec({ done, total, elapsedSec: (now - sinceMs) / 1000 })
    return { text: total > 1 ? `${phase} ${text}` : `${phase}: ${text}`, done, total, leftSec }
  }
}

export const createRunScreen = ({ surroundings, scenario, world, nowMs }: RunScreenOptions): RunScreen => {
  const { stderr } = surroundings
  const block = createLiveBlock(stderr, surroundings.onExit)
  const workOf = createWorkClock(nowMs)
  let where = `${world} world, seed ${scenario.seed}`
  let figures = new LiveFigures(1)
  let intervalSec = 1
  let work: { readonly shown: LiveWork; readonly phase: Progress['phase'] } | null = null
  let last: { readonly pulse: Pulse; readonly atMs: number } | null = null
  let windingDown = false
  let shownMs = -Infinity
  let shownPhase = ''
  let opened = false
  let told: Told = toldNothing
  let run: RunUnderWay | null = null
  let ticking: NodeJS.Timeout | undefined

  /** The terminal as it is now; null while it cannot hold the block. */
  const holds = (): BlockStyle | null => {
    const { columns = 0, rows = 0 } = stderr
    return redraws(surroundings) && columns >= blockColumnsLeast && rows >= blockRowsLeast
      ? { columns, rows, colour: true }
      : null
  }
  const view = (): LiveView => {
    const { pulse, atMs } = last ?? { pulse: null, atMs: 0 }
    // Where time does not jump, its clock goes on between two intervals.
    const moment = world === 'simulated' ? null : (run?.look() ?? null)
    const leftSec = pulse?.leftSec ?? null
    const sinceSec = moment === null ? 0 : (nowMs() - atMs) / 1000
    return {
      scenario: scenario.name,
      where,
      nowSec: moment?.nowSec ?? pulse?.nowSec ?? 0,
      durationSec: scenario.durationSec,
      intervalSec,
      speed: moment?.speed ?? pulse?.speed ?? 1,
      leftSec: leftSec === null ? null : Math.max(0, leftSec - sinceSec),
      figures,
      next: nextStep(scenario, pulse?.nowSec ?? 0),
      awaited: moment?.manual[0] ?? null,
      work: work?.phase === 'flushing' ? work.shown : null,
      windingDown,
    }
  }
  const due = (everyMs: number): boolean => {
    const now = nowMs()
    if (now - shownMs < everyMs) return false
    shownMs = now
    return true
  }
  const writeLines = (lines: readonly string[]): void => {
    stderr.write(lines.map((line) => `${line}\n`).join(''))
  }
  const showWork = ({ shown, phase }: { shown: LiveWork; phase: Progress['phase'] }): void => {
    // A new phase is told at once, however soon it comes.
    if (phase !== shownPhase) shownMs = -Infinity
    shownPhase = phase
    const style = holds()
    if (!due(style === null ? lineEveryMs : frameEveryMs)) return
    if (style === null) writeLines([fit(workText(shown), lineColumns)])
    else block.draw(renderWorkBlock(`${scenario.name}  ${where}`, shown, style))
  }
  const showRun = (): void => {
    const style = holds()
    if (style !== null) {
      if (due(frameEveryMs)) block.draw(renderLiveBlock(view(), style))
      return
    }
    block.clear()
    const current = view()
    if (!opened) writeLines([renderLiveOpening(current)])
    if (!opened) shownMs = nowMs()
    opened = true
    if (!due(lineEveryMs)) return
    const next = renderLiveLines(current, told)
    told = next.told
    writeLines(next.lines)
  }
  return {
    progress: (progress) => {
      work = { shown: workOf(progress), phase: progress.phase }
      if (last === null || progress.phase === 'ending') showWork(work)
      else if (progress.done >= progress.total) work = null
      else showRun()
    },
    pulse: (pulse) => {
      last = { pulse, atMs: nowMs() }
      showRun()
    },
    onlooker: {
      begun: (header) => {
        ;({ intervalSec } = header)
        figures = new LiveFigures(intervalSec)
        where = `${header.world} world on ${header.store}, seed ${header.seed}`
        work = null
        // Intervals of a long run are wide; its clock goes on between them.
        if (world !== 'simulated') ticking = setInterval(() => last !== null && showRun(), 1000).unref()
      },
      line: (line) => figures.add(line),
      running: (given) => {
        run = given
      },
    },
    say: (text) => block.above(`${sentences(text, stderr)}\n`),
    windDown: () => {
      windingDown = true
    },
    end: () => {
      clearInterval(ticking)
      block.clear()
    },
  }
}

/** The next step that was written; those of a period come and go without notice. */
const nextStep = (scenario: Scenario, nowSec: number): LiveView['next'] => {
  const step = scenario.timeline.find(
    ({ atSec, origin, waitsFor }) => origin === 'scenario' && waitsFor === undefined && atSec > nowSec,
  )
  return step === undefined ? null : { atSec: step.atSec, label: stepLabel(step) }
}
