// Everything that is kept of a run while it goes, in memory and on disk alike, and shown to whoever looks on.
// It stands between the engine, which tells, and recorder, folder and onlookers, which need not know of each other.
import type { EventLine, RunHeader, SeriesLine } from '../measure/record.js'
import { createRecorder } from '../measure/recorder.js'
import type { Sample } from '../measure/sample.js'
import type { RunFolder } from '../io/runFolder.js'
import type { Recording } from '../rehearsal/ports.js'
import type { Onlooker } from './onlooker.js'

export class Keeping implements Recording {
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
