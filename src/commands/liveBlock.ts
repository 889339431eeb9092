// A block of lines at the end of a terminal's text that is drawn over itself: one write a frame, the cursor hidden meanwhile.
// Whichever way the program ends, the cursor comes back; text that is to stay is written above the block.
import type { Stream } from './terminal.js'

const hideCursor = '\u001b[?25l'
const showCursor = '\u001b[?25h'
const clearToLineEnd = '\u001b[K'
const clearBelow = '\u001b[J'

// oxlint-disable-next-line no-control-regex
const widthOf = (line: string): number => Array.from(line.replaceAll(/\u001b\[[\d;]*m/g, '')).length

export interface LiveBlock {
  /** Draws these lines where the last ones were. */
  draw(lines: readonly string[]): void
  /** Writes text that stays, and the block again beneath it at the next `draw`. */
  above(text: string): void
  /** Takes the block away and gives the cursor back. It may be drawn again. */
  clear(): void
}

/** @param onExit registers what is done when the program ends, however that comes about */
export const createLiveBlock = (stream: Stream, onExit: (run: () => void) => void): LiveBlock => {
  let drawn: readonly string[] = []
  let hidden = false
  /** From the last line of the block to its first. A terminal that became narrower has broken its lines anew. */
  const toTop = (): string => {
    if (drawn.length === 0) return ''
    const columns = stream.columns ?? Infinity
    const rows = drawn.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0)
    return rows > 1 ? `\r\u001b[${rows - 1}A` : '\r'
  }
  const clear = (): void => {
    if (drawn.length === 0 && !hidden) return
    stream.write(`${drawn.length === 0 ? '' : `${toTop()}${clearBelow}`}${hidden ? showCursor : ''}`)
    drawn = []
    hidden = false
  }
  onExit(() => {
    clear()
  })
  return {
    draw: (lines) => {
      const start = `${hidden ? '' : hideCursor}${toTop()}`
      hidden = true
      stream.write(`${start}${lines.map((line) => `${line}${clearToLineEnd}`).join('\n')}${clearBelow}`)
      drawn = lines
    },
    above: (text) => {
      stream.write(`${toTop()}${drawn.length === 0 ? '' : clearBelow}${text}`)
      drawn = []
    },
    clear,
  }
}
