// The live page as the process of the run sees it: where its news go, and where what the operator asks for comes from.
// All that costs time is done by the page's own process; here a few messages a second are put together.
import { randomBytes } from 'node:crypto'
import { setTimeout as wait } from 'node:timers/promises'
import { Child } from '../../io/childProcess.js'
import type { RunHeader, SeriesLine } from '../../measure/record.js'
import { count } from '../../render/text.js'
import type { Onlooker, RunUnderWay } from '../onlooker.js'
import type { Progress } from '../world.js'
import type { LiveCalls, LiveNews, LiveNotice, LiveSetup } from './calls.js'

export interface LivePageOptions {
  /** 0: any free one. */
  readonly port: number
  /** The token that its address carries; null: one is made up. */
  readonly token: string | null
  readonly scenario: string
  /** Told in words what the operator asked for, and if the page is lost; the run goes on. */
  readonly onWords: (words: string) => void
}

/** Real milliseconds between two messages. */
const newsMs = 250
/** And until the page must have shown the report, at most. */
const farewellMostMs = 15_000

export class LivePage implements Onlooker {
  /** Where it is to be opened; holds the token. */
  readonly address: string
  private readonly child: Child
  private run: RunUnderWay | null = null
  private stop: (reason: string) => void = () => {}
  private lines: SeriesLine[] = []
  private work: string | null = null
  private timer: NodeJS.Timeout | null = null
  private sending: Promise<void> = Promise.resolve()
  private over = false
  private readonly onWords: (words: string) => void

  private constructor(child: Child, address: string, onWords: (words: string) => void) {
    this.child = child
    this.address = address
    this.onWords = onWords
  }

  /** @throws WorldError if it cannot be served */
  static async open({ port, token, scenario, onWords }: LivePageOptions): Promise<LivePage> {
    const state: { page: LivePage | null } = { page: null }
    const child = new Child({
      name: 'the live page',
      module: new URL('./host.js', import.meta.url),
      onNotice: (notice) => state.page?.obey(notice as LiveNotice),
      onExit: ({ code, signal }, expected) => {
        if (!expected && state.page !== null)
          onWords(`The live page has ended (${signal ?? `exit code ${code}`}); the run goes on.`)
      },
    })
    const setup: LiveSetup = { port, scenario, token: token ?? randomBytes(24).toString('base64url') }
    try {
      const opened = await child.call<Awaited<ReturnType<LiveCalls['open']>>>('open', setup)
      const address = `http://127.0.0.1:${opened.port}/?token=${setup.token}`
      state.page = new LivePage(child, address, onWords)
    } catch (error) {
      await child.end()
      throw error
    }
    return state.page
  }

  /** What is being done beside the run itself, or before and after it. */
  tell({ phase, done, total, text }: Progress): void {
    const figures = total > 1 ? `${count(done)} of ${count(total)} ` : ''
    const over = this.run !== null && phase !== 'ending' && done >= total
    this.work = over ? null : `${phase}: ${figures}${text}`
    this.schedule()
  }

  /** Handed what ends the run early. */
  stoppable(stop: (reason: string) => void): void {
    this.stop = stop
  }

  begun(header: RunHeader): void {
    void this.child.call('begin', header).catch(() => undefined)
  }

  running(run: RunUnderWay): void {
    this.run = run
    this.work = null
    this.schedule()
  }

  line(line: SeriesLine): void {
    if (!this.child.alive) return
    this.lines.push(line)
    this.schedule()
  }

  async ended(reportHtml: string): Promise<void> {
    this.silence()
    const shown = this.sending.then(() => this.child.call('finish', reportHtml))
    // A page that hangs shall not keep the program.
    await Promise.race([shown, wait(farewellMostMs, null, { ref: false })]).catch(() => undefined)
  }

  async close(): Promise<void> {
    this.silence()
    await this.child.end()
  }

  private silence(): void {
    this.over = true
    if (this.timer !== null) clearTimeout(this.timer)
  }

  private schedule(): void {
    if (this.timer !== null || this.over || !this.child.alive) return
    this.timer = setTimeout(() => this.send(), newsMs).unref()
  }

  /** One message at a time: a page that cannot follow gets more at once, and nobody keeps a queue. */
  private send(): void {
    const { run, lines, work } = this
    this.lines = []
    const news: LiveNews = { lines, moment: run?.look() ?? null, provider: run?.provider ?? null, work }
    this.sending = this.child.call<void>('add', news).then(
      () => {
        this.timer = null
        if (this.run !== null || this.lines.length > 0) this.schedule()
      },
      () => {
        this.lines = []
      },
    )
  }

  private obey(notice: LiveNotice): void {
    if (notice.asked === 'stop') {
      this.onWords('Stopping, as asked on the live page: what was measured is reported.')
      this.stop('stopped on the live page')
      return
    }
    const { run } = this
    const step = run?.look().manual.find(({ number }) => number === notice.number)
    if (run === null || step === undefined || !run.trigger(notice.number)) return
    this.onWords(`Asked for on the live page: ${step.label}.`)
  }
}
