// What has been begun and must be ended, whichever way things go: processes, servers, folders.
// It exists so that a world that fails half-way through its start leaves as little behind as one that ran to its end.

/** Things to end, in the reverse order of their beginning. */
export class Endings {
  private readonly endings: (() => Promise<void>)[] = []

  add(end: () => Promise<void>): void {
    this.endings.push(end)
  }

  async run(): Promise<void> {
    for (const end of this.endings.splice(0).reverse()) await end()
  }
}
