// Something that may hang: what comes while it does waits, and goes on when it is resumed.
// A backend or a database that is stopped by a signal is one.

export class Gate {
  private waiting: (() => void)[] | null = null

  get isOpen(): boolean {
    return this.waiting === null
  }

  close(): void {
    this.waiting ??= []
  }

  /** Lets those go on who waited, in the order in which they came. */
  open(): void {
    const waiting = this.waiting ?? []
    this.waiting = null
    for (const goOn of waiting) goOn()
  }

  /** Goes on when it is open again. Only for a closed gate. */
  wait(goOn: () => void): void {
    this.waiting?.push(goOn)
  }
}
