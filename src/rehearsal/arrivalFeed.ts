// The arrivals of all members as one stream in order of time. A clock then holds one entry for all of them.
// A calendar queue (R. Brown, 1988): arrivals lie unsorted in windows of time, and a window is sorted when it is reached.

/** Anything that becomes due again and again. */
export interface ArrivalSource {
  /** The next due instant, scenario seconds, ascending; Infinity once there is none. */
  next(): number
}

/** Arrivals a window should hold: few enough to sort quickly, enough for windows not to be empty. */
const perWindow = 256

export class ArrivalFeed<Owner> {
  private readonly owners: Owner[] = []
  private readonly sources: ArrivalSource[] = []
  private readonly dueSec: number[] = []
  private readonly windows = new Map<number, number[]>()
  private readonly widthSec: number
  private readonly lastWindow: number
  private window = -1
  /** Members that are due in the window reached, the next one last. */
  private current: number[] = []

  /**
   * @param members everybody, each with its stream
   * @param endSec arrivals from here on are not wanted
   * @param perSec about how many arrivals there will be in a second
   */
  constructor(members: Iterable<readonly [Owner, ArrivalSource]>, endSec: number, perSec: number) {
    this.widthSec = Math.min(endSec, perWindow / Math.max(perSec, 1e-9))
    this.lastWindow = Math.floor(endSec / this.widthSec)
    for (const [owner, source] of members) {
      const index = this.owners.push(owner) - 1
      this.sources.push(source)
      this.dueSec.push(source.next())
      this.file(index)
    }
    this.endSec = endSec
  }

  private readonly endSec: number

  /** When the next arrival is due; Infinity if there is none. */
  nextSec(): number {
    while (this.current.length === 0) {
      if (this.window >= this.lastWindow) return Infinity
      this.window++
      const due = this.windows.get(this.window)
      if (due === undefined) continue
      this.windows.delete(this.window)
      this.current = due.sort((a, b) => this.dueSec[b]! - this.dueSec[a]! || b - a)
    }
    const sec = this.dueSec[this.current.at(-1)!]!
    return sec < this.endSec ? sec : Infinity
  }

  /** Whose arrival is next, as `nextSec` has announced. */
  owner(): Owner {
    return this.owners[this.current.at(-1)!]!
  }

  /** Goes on to the arrival after it, and draws its owner's next one. */
  pass(): void {
    const index = this.current.pop()!
    this.dueSec[index] = this.sources[index]!.next()
    this.file(index)
  }

  /** Lays a member into the window of its next arrival. */
  private file(index: number): void {
    const dueSec = this.dueSec[index]!
    if (dueSec === Infinity) return
    const window = Math.floor(dueSec / this.widthSec)
    if (window > this.window) {
      const others = this.windows.get(window)
      if (others === undefined) this.windows.set(window, [index])
      else others.push(index)
      return
    }
    // Due again within the window that is being worked through: into its place among those still to come.
    let at = this.current.length
    while (at > 0 && this.dueSec[this.current[at - 1]!]! < dueSec) at--
    this.current.splice(at, 0, index)
  }
}
