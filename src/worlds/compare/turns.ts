// Runs of two builds in turns, A B B A A B …, one after the other: what the machine does meanwhile happens to both.
// It exists because two builds that are measured one after the other differ by the hour of the day as well.
import { mkdir } from 'node:fs/promises'
import path from 'node:path'

export const turnSides = ['baseline', 'candidate'] as const
export type TurnSide = (typeof turnSides)[number]

/** One run, and the folder that it leaves. */
export interface Turn {
  readonly side: TurnSide
  /** From 1. */
  readonly repetition: number
  readonly folder: string
}

/** The folder of a run below that of all: `baseline-01`, in the order in which a shell lists them. */
export const turnFolder = (root: string, side: TurnSide, repetition: number): string =>
  path.join(root, `${side}-${String(repetition).padStart(2, '0')}`)

/** The order: each repetition has a run of both sides, and they take turns in being the first. */
export const turnsOf = (root: string, repetitions: number): readonly Turn[] =>
  Array.from({ length: repetitions }, (_, i) => {
    const sides = i % 2 === 0 ? turnSides : turnSides.toReversed()
    return sides.map((side) => ({ side, repetition: i + 1, folder: turnFolder(root, side, i + 1) }))
  }).flat()

export interface TurnsOptions {
  readonly root: string
  readonly repetitions: number
  /** Makes one run of a side in a folder. */
  readonly run: Readonly<Record<TurnSide, (folder: string) => Promise<void>>>
  readonly onTurn: (turn: Turn, done: number, total: number) => void
  /** Whether no further run shall be begun. */
  readonly stopped: () => boolean
}

/** Makes all runs. Returns how many repetitions are whole; what a run throws ends it. */
export const runInTurns = async (options: TurnsOptions): Promise<number> => {
  await mkdir(options.root, { recursive: true })
  const turns = turnsOf(options.root, options.repetitions)
  for (const [done, turn] of turns.entries()) {
    if (options.stopped()) return Math.floor(done / 2)
    options.onTurn(turn, done, turns.length)
    await options.run[turn.side](turn.folder)
  }
  return options.repetitions
}
