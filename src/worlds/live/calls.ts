// What the process of a run and that of its live page say to one another.
// It is the one contract between the two, so that neither has to know the other's code.
import type { RunHeader, SeriesLine } from '../../measure/record.js'
import type { ProviderMode } from '../../token/mode.js'
import type { RunMoment } from '../onlooker.js'

export interface LiveSetup {
  /** 0: any free one. */
  readonly port: number
  readonly token: string
  readonly scenario: string
}

/** What came since the last call, and how the run stands now. */
export interface LiveNews {
  readonly lines: readonly SeriesLine[]
  /** Null before the first request. */
  readonly moment: RunMoment | null
  /** Of all backends when the run starts. */
  readonly provider: ProviderMode | null
  /** What is being done where that is not the run itself. */
  readonly work: string | null
}

/** What the page's process can be asked. */
export interface LiveCalls {
  open(setup: LiveSetup): Promise<{ readonly port: number }>
  begin(header: RunHeader): void
  add(news: LiveNews): void
  /** Gives out the report instead of the page, until all that are open have it; ends the server. */
  finish(reportHtml: string): Promise<void>
}

/** What the operator asks for, told to the process of the run. */
export type LiveNotice = { readonly asked: 'stop' } | { readonly asked: 'trigger'; readonly number: number }
