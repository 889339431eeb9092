// The process of the live page: keeps the record so far, draws the page from it, and serves it.
// It is a process of its own, and one that lets others go first, so that being watched makes no request late.
import { constants, setPriority } from 'node:os'
import { WorldError } from '../../base/errors.js'
import { version } from '../../base/version.js'
import { answerParent, notifyParent } from '../../io/childProcess.js'
import { LiveMetrics } from '../../io/live/liveMetrics.js'
import { LiveServer, type LiveState } from '../../io/live/liveServer.js'
import { readReportAssets } from '../../io/reportAssets.js'
import { collectRecord } from '../../measure/fold.js'
import type { RunHeader, SeriesLine } from '../../measure/record.js'
import { summarise } from '../../measure/summary.js'
import { reportView } from '../../rehearsal/reportView.js'
import { pagePolicy, type HtmlAssets } from '../../render/htmlPage.js'
import { renderLive, renderLiveBody, type LivePage } from '../../render/htmlLive.js'
import { pageData } from '../../render/page/pageData.js'
import type { LiveUpdate } from '../../render/page/livePage.js'
import type { ReportView } from '../../render/view.js'
import type { RunMoment } from '../onlooker.js'
import type { LiveCalls, LiveNews, LiveNotice, LiveSetup } from './calls.js'

/** Real milliseconds between two states that are sent, at least. */
const restMs = 1000
/** Drawing takes at most one part in so many of the time, however long the run. */
const restShare = 10

class LiveHost {
  private readonly setup: LiveSetup
  private readonly assets: HtmlAssets
  private server: LiveServer | null = null
  private header: RunHeader | null = null
  private metrics: LiveMetrics | null = null
  private readonly lines: SeriesLine[] = []
  private moment: RunMoment | null = null
  private work: string | null = null
  private report: string | null = null
  /** The view of so many lines; drawing is what costs, so it is kept until there are more. */
  private view: ReportView | null = null
  private viewed = 0
  private intervals = 0
  private stale = false
  private notBeforeMs = 0
  private timer: NodeJS.Timeout | null = null
  private readonly triggered = new Set<number>()
  private stopping = false

  constructor(setup: LiveSetup, assets: HtmlAssets) {
    this.setup = setup
    this.assets = assets
  }

  async open(): Promise<number> {
    const { port, token } = this.setup
    this.server = await LiveServer.start({
      port,
      token,
      kind: () => this.kind(),
      page: (nonce) => this.page(nonce),
      state: () => this.state(),
      metrics: async () => (await this.metrics?.text()) ?? '',
      stop: () => this.stop(),
      trigger: (number) => this.trigger(number),
    })
    return this.server.port
  }

  begin(header: RunHeader): void {
    this.header = header
  }

  add({ lines, moment, provider, work }: LiveNews): void {
    const before = this.kind()
    if (this.header !== null && provider !== null) this.metrics ??= new LiveMetrics(this.header, provider)
    for (const line of lines) {
      this.lines.push(line)
      this.metrics?.take(line)
      if (line.kind === 'interval') this.intervals++
    }
    this.moment = moment
    this.work = work
    if (moment !== null) this.metrics?.look(moment)
    if (this.kind() !== before) this.server?.turn()
    this.stale = true
    this.schedule()
  }

  async finish(reportHtml: string): Promise<void> {
    this.report = reportHtml
    if (this.timer !== null) clearTimeout(this.timer)
    await this.server?.farewell()
  }

  async close(): Promise<void> {
    if (this.timer !== null) clearTimeout(this.timer)
    await this.server?.close()
  }

  /** Only when somebody looks, and only so often. */
  private schedule(): void {
    if (this.timer !== null || this.report !== null || (this.server?.watching ?? 0) === 0) return
    const waitMs = Math.max(0, this.notBeforeMs - performance.now())
    this.timer = setTimeout(() => {
      this.timer = null
      if (!this.stale) return
      this.stale = false
      const beganMs = performance.now()
      this.server?.publish()
      const endedMs = performance.now()
      this.notBeforeMs = endedMs + Math.max(restMs, restShare * (endedMs - beganMs))
    }, waitMs)
  }

  private kind(): 'waiting' | 'charts' | 'report' {
    if (this.report !== null) return 'report'
    return this.intervals === 0 ? 'waiting' : 'charts'
  }

  private page(nonce: string): { html: string; policy: string } {
    if (this.report !== null) return { html: this.report, policy: pagePolicy() }
    return { html: renderLive(this.now(), this.assets, nonce), policy: pagePolicy(nonce) }
  }

  private state(): LiveState {
    const page = this.now()
    const data = page.view === null ? null : pageData(page.view)
    const update: LiveUpdate = { page: renderLiveBody(page), data }
    return { seen: page.seen, text: JSON.stringify(update) }
  }

  /** The page as it is now. */
  private now(): LivePage {
    const { header, moment, work } = this
    if (header !== null && this.intervals > 0 && this.viewed < this.lines.length) {
      const record = collectRecord(header, this.lines, null)
      this.view = reportView(record, summarise(record))
      this.viewed = this.lines.length
    }
    const manual = (moment?.manual ?? []).filter(({ number }) => !this.triggered.has(number))
    const run =
      header === null || moment === null
        ? null
        : { nowSec: moment.nowSec, durationSec: header.durationSec, speed: moment.speed, calls: moment.calls }
    const { scenario } = this.setup
    return { moment: { scenario, version, work, run, manual }, view: this.view, seen: this.viewed }
  }

  private stop(): boolean {
    if (this.stopping) return false
    this.stopping = true
    notifyParent({ asked: 'stop' } satisfies LiveNotice)
    return true
  }

  private trigger(number: number): boolean {
    const waits = this.moment?.manual.some((each) => each.number === number) === true
    if (!waits || this.triggered.has(number)) return false
    this.triggered.add(number)
    notifyParent({ asked: 'trigger', number } satisfies LiveNotice)
    return true
  }
}

let host: LiveHost | null = null

const opened = (): LiveHost => {
  if (host === null) throw new WorldError('the live page is not open')
  return host
}

const calls: LiveCalls = {
  open: async (setup) => {
    try {
      setPriority(constants.priority.PRIORITY_BELOW_NORMAL)
    } catch {
      // Where the system does not allow it, the page takes its share like anybody.
    }
    const begun = new LiveHost(setup, await readReportAssets())
    const port = await begun.open()
    host = begun
    return { port }
  },
  begin: (header) => opened().begin(header),
  add: (news) => opened().add(news),
  finish: (reportHtml) => opened().finish(reportHtml),
}

answerParent({ ...calls }, async () => {
  await host?.close()
})
