// The backends of the local world: a process each, on a port that it keeps when it is started again.
// It exists to know what each is at the moment, so that a death that was planned is told from one that was not.
import { Child, type ChildExit } from '../../io/childProcess.js'
import type { StoreRestriction } from '../../io/store/sqliteStore.js'
import type { ProviderMode } from '../../token/mode.js'
import type { BackendHands, Nodes } from '../faults/hands.js'
import type { BackendWord } from '../onlooker.js'
import type { AnswersSoFar, BackendCalls, BackendSetup, Restart } from './calls.js'

export interface FleetOptions {
  /** What each backend is given, in order; the port is the fleet's business. */
  readonly setups: readonly Omit<BackendSetup, 'port'>[]
  /** Told of a backend that ended by itself. */
  readonly onDeath: (node: number, exit: ChildExit) => void
}

/** One backend: its process at the moment, and what its next process must be told. */
interface Place {
  readonly node: number
  readonly setup: Omit<BackendSetup, 'port'>
  child: Child | null
  port: number
  mode: ProviderMode
  expirationSec: number
  aheadSec: number
  hung: boolean
  /** It can be told something; one that is just being started is given all there is to know when it is. */
  open: boolean
  /** Its end is somebody's doing. */
  ending: boolean
}

export class Fleet implements BackendHands {
  private readonly options: FleetOptions
  private readonly places: readonly Place[]
  private originMs: number | null = null
  private restriction: StoreRestriction | null = null
  private atBegin: readonly { readonly child: Child | null; readonly us: number }[] = []

  constructor(options: FleetOptions) {
    this.options = options
    this.places = options.setups.map((setup, i) => ({
      node: i + 1,
      setup,
      child: null,
      port: 0,
      mode: setup.identity.provider,
      expirationSec: setup.identity.expirationSec,
      aheadSec: 0,
      hung: false,
      open: false,
      ending: false,
    }))
  }

  get size(): number {
    return this.places.length
  }

  /** Starts all of them. Returns their ports. */
  async open(): Promise<readonly number[]> {
    await Promise.all(this.places.map((place) => this.startOne(place)))
    return this.places.map(({ port }) => port)
  }

  /** Lets their clocks begin. */
  async begin(originMs: number): Promise<void> {
    this.originMs = originMs
    const looked = this.cpuOfAll()
    await this.each(this.all(), ({ child }) => child?.call('start', originMs))
    this.atBegin = await looked
  }

  /** Processor time of all backends since they began, seconds; null if one of them is another process now. */
  async cpuSec(): Promise<number | null> {
    const now = await this.cpuOfAll()
    const same = now.every(({ child }, i) => child !== null && child === this.atBegin[i]?.child)
    return same ? now.reduce((sum, { us }, i) => sum + us - (this.atBegin[i]?.us ?? 0), 0) / 1e6 : null
  }

  private cpuOfAll(): Promise<{ child: Child | null; us: number }[]> {
    return Promise.all(
      this.places.map(async ({ child, open, hung }) => {
        const us = child === null || !open || hung ? null : await child.cpuUs().catch(() => null)
        return us === null ? { child: null, us: 0 } : { child, us }
      }),
    )
  }

  /** What each of them says of itself. One that hangs is not asked: it would answer when it goes on. */
  words(): Promise<readonly BackendWord[]> {
    return Promise.all(
      this.places.map(async ({ node, child, open, hung }): Promise<BackendWord> => {
        if (child === null || !open || hung) return { node, said: null }
        try {
          const [{ counts: answers, underWay }, us] = await Promise.all([
            child.call<AnswersSoFar>('answers'),
            child.cpuUs(),
          ])
          return { node, said: { answers, underWay, cpuSec: us / 1e6 } }
        } catch {
          // It ended while it was asked.
          return { node, said: null }
        }
      }),
    )
  }

  /** Switches a backend's provider: at once, or when it is there again, as its configuration would. */
  setMode(node: number, mode: ProviderMode): Promise<string> {
    const place = this.place(node)
    place.mode = mode
    return this.tell(place, 'setMode', mode)
  }

  /** Stops and starts a backend with another provider, with all that its clients meet meanwhile. */
  restartInto(node: number, restart: Restart): Promise<string> {
    const place = this.place(node)
    place.mode = restart.mode
    return this.tell(place, 'restartInto', restart)
  }

  /** Changes how long a backend's tokens live; as with its provider. */
  setExpiration(node: number, expirationSec: number): Promise<string> {
    const place = this.place(node)
    place.expirationSec = expirationSec
    return this.tell(place, 'setExpiration', expirationSec)
  }

  private async tell(place: Place, call: keyof BackendCalls, argument: unknown): Promise<string> {
    if (place.child === null || !place.open) return 'is down, and changes when it starts'
    if (place.hung) {
      // A stopped process reads its messages when it is resumed.
      void place.child.call(call, argument).catch(() => {})
      return 'hangs, and changes when it goes on'
    }
    await place.child.call(call, argument)
    return ''
  }

  kill(nodes: Nodes): Promise<void> {
    return this.each(nodes, async (place) => {
      const { child } = place
      place.ending = true
      place.open = false
      place.hung = false
      child?.kill()
      await child?.end()
      place.child = null
    })
  }

  end(nodes: Nodes): Promise<void> {
    return this.each(nodes, async (place) => {
      place.ending = true
      place.open = false
      await place.child?.end()
      place.child = null
    })
  }

  start(nodes: Nodes): Promise<void> {
    return this.each(nodes, (place) => this.startOne(place))
  }

  hang(nodes: Nodes): Promise<void> {
    return this.each(nodes, (place) => {
      place.hung = true
      place.child?.signal('SIGSTOP')
    })
  }

  resume(nodes: Nodes): Promise<void> {
    return this.each(nodes, (place) => {
      place.hung = false
      place.child?.signal('SIGCONT')
    })
  }

  skew(nodes: Nodes, aheadSec: number): Promise<void> {
    return this.each(nodes, async (place) => {
      place.aheadSec = aheadSec
      await this.tell(place, 'setSkew', aheadSec)
    })
  }

  resumeAll(): Promise<void> {
    return this.resume(this.all())
  }

  /** Keeps all of them from writing to the SQLite file, or from letting it grow; also those that start later. */
  async restrict(restriction: StoreRestriction): Promise<void> {
    this.restriction = restriction
    await this.each(this.all(), (place) => this.tell(place, 'restrict', restriction))
  }

  /** Ends all of them, those that hang as well. */
  async close(): Promise<void> {
    await this.resumeAll()
    await this.end(this.all())
  }

  private async startOne(place: Place): Promise<void> {
    if (place.child !== null) return
    place.ending = false
    const { node } = place
    const child = new Child({
      name: `backend ${node}`,
      module: new URL('./backend.js', import.meta.url),
      diesWithUs: true,
      onExit: (exit, expected) => {
        if (expected || place.ending) return
        place.child = null
        place.open = false
        this.options.onDeath(node, exit)
      },
    })
    place.child = child
    const { mode: provider, expirationSec } = place
    const identity = { ...place.setup.identity, provider, expirationSec }
    const setup: BackendSetup = { ...place.setup, identity, port: place.port }
    place.port = (await child.call<{ port: number }>('open', setup)).port
    place.open = true
    // Whatever was changed while it started.
    if (place.mode !== provider) await child.call('setMode', place.mode)
    if (place.expirationSec !== expirationSec) await child.call('setExpiration', place.expirationSec)
    if (place.aheadSec !== 0) await child.call('setSkew', place.aheadSec)
    if (this.restriction !== null) await child.call('restrict', this.restriction)
    if (this.originMs !== null) await child.call('start', this.originMs)
  }

  private all(): Nodes {
    return this.places.map(({ node }) => node)
  }

  private place(node: number): Place {
    return this.places[node - 1] as Place
  }

  private async each(nodes: Nodes, deed: (place: Place) => unknown): Promise<void> {
    await Promise.all(nodes.map(async (node) => deed(this.place(node))))
  }
}
