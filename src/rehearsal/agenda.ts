// What is to happen, in order of time; among equals, in order of entry. Both kinds of clock are built on it.
// A binary heap over parallel arrays: a run of a day passes millions of entries through it.

export class Agenda {
  private readonly times: number[] = []
  private readonly orders: number[] = []
  private readonly actions: (() => void)[] = []
  private entered = 0

  get size(): number {
    return this.times.length
  }

  /** The time of the next entry; Infinity if there is none. */
  nextTime(): number {
    return this.times[0] ?? Infinity
  }

  add(time: number, action: () => void): void {
    const order = this.entered++
    let i = this.times.length
    this.times.push(time)
    this.orders.push(order)
    this.actions.push(action)
    while (i > 0) {
      const parent = (i - 1) >> 1
      if (!this.before(time, order, parent)) break
      this.move(parent, i)
      i = parent
    }
    this.set(i, time, order, action)
  }

  /** Removes the next entry and returns its action. */
  take(): () => void {
    const action = this.actions[0] as () => void
    const time = this.times.pop() as number
    const order = this.orders.pop() as number
    const last = this.actions.pop() as () => void
    const size = this.times.length
    if (size === 0) return action
    let i = 0
    for (;;) {
      let child = 2 * i + 1
      if (child >= size) break
      if (
        child + 1 < size &&
        this.before(this.times[child + 1] as number, this.orders[child + 1] as number, child)
      )
        child++
      if (this.before(time, order, child)) break
      this.move(child, i)
      i = child
    }
    this.set(i, time, order, last)
    return action
  }

  private before(time: number, order: number, other: number): boolean {
    const otherTime = this.times[other] as number
    return time < otherTime || (time === otherTime && order < (this.orders[other] as number))
  }

  private move(from: number, to: number): void {
    this.set(to, this.times[from] as number, this.orders[from] as number, this.actions[from] as () => void)
  }

  private set(i: number, time: number, order: number, action: () => void): void {
    this.times[i] = time
    this.orders[i] = order
    this.actions[i] = action
  }
}
