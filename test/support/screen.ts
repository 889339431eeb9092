// A terminal without a window: what is written to it, and what somebody would then see on it.
// It exists so that tests of a block that is drawn over itself look at the screen and not at control sequences.
import xterm from '@xterm/headless'
import type { Stream } from '../../src/commands/terminal.js'

export class Screen implements Stream {
  readonly isTTY = true
  /** All that was written, control sequences and all. */
  raw = ''
  private readonly terminal: xterm.Terminal

  constructor(columns: number, rows: number) {
    this.terminal = new xterm.Terminal({
      cols: columns,
      rows,
      scrollback: 10_000,
      allowProposedApi: true,
      convertEol: true,
    })
  }

  get columns(): number {
    return this.terminal.cols
  }

  get rows(): number {
    return this.terminal.rows
  }

  write(text: string): void {
    this.raw += text
    this.terminal.write(text)
  }

  resize(columns: number, rows: number): void {
    this.terminal.resize(columns, rows)
  }

  /** All lines, those that scrolled away first, without what is empty at the end. */
  async lines(): Promise<string[]> {
    await new Promise<void>((resolve) => this.terminal.write('', resolve))
    const { active } = this.terminal.buffer
    const lines = Array.from(
      { length: active.length },
      (_, i) => active.getLine(i)?.translateToString(true) ?? '',
    )
    return lines.slice(0, lines.findLastIndex((line) => line !== '') + 1)
  }

  /** Whether somebody sees the cursor. */
  get cursorShown(): boolean {
    return this.raw.lastIndexOf('\u001b[?25h') >= this.raw.lastIndexOf('\u001b[?25l')
  }
}
