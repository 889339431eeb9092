// How validation and flush cost grow with the table: a store of its own for each size, filled, asked and flushed.
// It exists because what a full table costs is the reason for which operators leave UUID tokens.
import { mkdtemp, rm } from 'node:fs/promises'
import path from 'node:path'
import { setTimeout as wait } from 'node:timers/promises'
import { releaseProfiles } from '../../identity/release.js'
import type { FlushOrder } from '../../identity/store.js'
import { processTime } from '../../io/processTime.js'
import type { StoreChoice } from '../../io/store/open.js'
import type { GrowthFigures, TableCost } from '../../plan/tableCost.js'
import type { IdentitySettings } from '../../scenario/scenario.js'
import type { ProviderMode } from '../../token/mode.js'
import { Endings } from '../local/endings.js'
import { playLoad, playPoint } from './point.js'
import { judgePoint } from '../../plan/capacityPoint.js'
import { openStage, type Stage } from './stage.js'
import type { Steps } from './steps.js'
import { warmUpSecOf } from './sweep.js'

export interface GrowthOptions {
  readonly store: StoreChoice
  readonly identity: IdentitySettings
  readonly sizes: readonly number[]
  readonly seed: number
  /** Of each measurement. */
  readonly seconds: number
  readonly folder: string
  readonly steps: Steps
  readonly signal: AbortSignal
  readonly onSize: (figures: GrowthFigures) => void
}

const modes: readonly ProviderMode[] = ['uuid', 'fernet']
const connections = 8
/** Rows from all over the table, each asked for once or twice. */
const subjects = 20_000
const daySec = 86_400
/** A day's tokens, flushed hourly: what each flush deletes. */
const flushEverySec = 3600
/** Rows that a store takes in a second while it is filled, and flushes; only for the time that is left. */
const loadedPerSec = 15_000
const flushedPerSec = 5000

const seedSecOf = (rows: number): number => 3 + rows / loadedPerSec
const flushSecOf = (rows: number): number => (2 * rows * (flushEverySec / daySec)) / flushedPerSec
const validateSecOf = (seconds: number): number => modes.length * (seconds + warmUpSecOf(seconds) + 2)

/** How long the growth takes, roughly. */
export const growthSec = ({ sizes, seconds }: Pick<GrowthOptions, 'sizes' | 'seconds'>): number =>
  sizes.reduce((sum, rows) => sum + seedSecOf(rows) + validateSecOf(seconds) + flushSecOf(rows), 0)

/** Real milliseconds between two looks at a database that writes out what it was filled with, and how many of them at most. */
const settleLookMs = 500
const settleLooksMost = 120
/** Share of a core below which it is said to rest. */
const restingShare = 0.05

/** Waits until the database has written out what it was filled with: the validations would be counted with that work. */
const settle = async ({ databasePid }: Stage, signal: AbortSignal): Promise<void> => {
  if (databasePid === null) return
  let before = processTime(databasePid)
  for (let looks = 0; looks < settleLooksMost && !signal.aborted; looks++) {
    await wait(settleLookMs)
    const now = processTime(databasePid)
    if (before === null || now === null) return
    if (1000 * (now.cpuSec - before.cpuSec) < restingShare * settleLookMs) return
    before = now
  }
}

const validateIn = async (stage: Stage, mode: ProviderMode, options: GrowthOptions): Promise<TableCost> => {
  const { seconds, signal } = options
  const pool = await stage.openPool(mode, 1)
  const requests = stage.requests(mode, 'validate', subjects)
  const load = { pool, backends: 1, connections, requests, signal }
  await playLoad({
    ...load,
    requests: requests.slice(0, 500),
    seconds: warmUpSecOf(seconds),
    databasePid: null,
  })
  const point = judgePoint(await playPoint({ ...load, stage, op: 'validate', seconds }))
  await pool.end()
  const { perSec, cores, latency, rejected, disturbed } = point
  return {
    mode,
    perSec,
    p50Ms: latency.p50Ms,
    p99Ms: latency.p99Ms,
    backendMs: (1000 * cores.backends.used) / perSec,
    databaseMs: cores.database === null ? null : (1000 * cores.database) / perSec,
    rejected,
    disturbed,
  }
}

/** The first hour's rows with nobody else there, the second hour's while tokens are validated. */
const flushIn = async (stage: Stage, options: GrowthOptions): Promise<GrowthFigures['flush']> => {
  const { scenario, databasePid } = stage
  const order = (hours: number): FlushOrder => ({
    ...releaseProfiles[scenario.identity.release].flush,
    beforeSec: scenario.startsAtEpochSec + hours * flushEverySec,
  })
  const timed = async (hours: number) => {
    const startedMs = performance.now()
    const before = databasePid === null ? null : processTime(databasePid)
    const rows = await stage.flush(order(hours))
    const after = databasePid === null ? null : processTime(databasePid)
    const databaseSec = before === null || after === null ? null : after.cpuSec - before.cpuSec
    return { rows, seconds: (performance.now() - startedMs) / 1000, databaseSec }
  }
  const alone = await timed(1)
  const pool = await stage.openPool('uuid', 1)
  const ended = new AbortController()
  const load = playLoad({
    pool,
    backends: 1,
    connections,
    // It ends with the flush.
    seconds: 3600,
    requests: stage.requests('uuid', 'validate', subjects),
    databasePid: null,
    signal: AbortSignal.any([ended.signal, options.signal]),
  })
  const busy = await timed(2)
  ended.abort()
  const { seen, seconds, latency } = await load
  await pool.end()
  return {
    alone,
    whileValidating: {
      ...busy,
      validate: {
        answered: seen.good,
        perSec: seen.good / seconds,
        p50Ms: latency.p50Ms,
        p99Ms: latency.p99Ms,
        failed: seen.errors + seen.not2xx,
      },
    },
  }
}

const measureSize = async (rows: number, options: GrowthOptions): Promise<void> => {
  const { steps, signal, seconds } = options
  const endings = new Endings()
  const folder = await mkdtemp(path.join(options.folder, 'table-'))
  endings.add(() => rm(folder, { recursive: true, force: true }))
  const words = rows.toLocaleString('en-US')
  try {
    const startedMs = performance.now()
    steps.tell(`table of ${words} rows: filling it`)
    const stage = await openStage(
      {
        ...options,
        folder,
        rows,
        issuedWithinSec: daySec,
        onRows: (written) =>
          steps.tell(
            `table of ${words} rows: ${written.toLocaleString('en-US')} written`,
            written / loadedPerSec,
          ),
      },
      endings,
    )
    const filledSec = (performance.now() - startedMs) / 1000
    steps.tell(`table of ${words} rows: the database writes it out`)
    await settle(stage, signal)
    steps.done(seedSecOf(rows))
    const validate: TableCost[] = []
    for (const mode of modes) {
      if (signal.aborted) return
      steps.tell(`table of ${words} rows: validations, ${mode}`)
      validate.push(await validateIn(stage, mode, options))
    }
    steps.done(validateSecOf(seconds))
    if (signal.aborted) return
    steps.tell(`table of ${words} rows: flushing an hour's tokens`)
    const flush = await flushIn(stage, options)
    steps.done(flushSecOf(rows))
    if (!signal.aborted) options.onSize({ rows, filledSec, validate, flush })
  } finally {
    await endings.run()
  }
}

export const measureGrowth = async (options: GrowthOptions): Promise<void> => {
  for (const rows of options.sizes) if (!options.signal.aborted) await measureSize(rows, options)
}
