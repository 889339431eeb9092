// A table as aligned columns of text that never grow wider than the terminal.
// The last column gives way: its text is wrapped under itself.
import { fit, wrap } from './text.js'

export interface Cell {
  readonly text: string
  readonly paint?: (text: string) => string
}

export interface TableOptions {
  readonly width: number
  /** Columns set to the left; figures stand right. */
  readonly left: readonly number[]
  readonly paintHead: (text: string) => string
}

/** Heads and rows as lines. Cells are measured before they are painted. */
export function drawTable(
  heads: readonly string[],
  rows: readonly (readonly Cell[])[],
  options: TableOptions,
): string[] {
  const widths = heads.map((head, column) =>
    Math.max(head.length, ...rows.map((row) => row[column]?.text.length ?? 0)),
  )
  const natural = widths.reduce((sum, each) => sum + each, 0)
  const gap = natural + 2 * (widths.length - 1) <= options.width ? 2 : 1
  shrink(widths, options.width - gap * (widths.length - 1))
  const all = [heads.map((text): Cell => ({ text, paint: options.paintHead })), ...rows]
  return all.flatMap((row) => drawRow(row, { widths, gap, left: options.left }))
}

/** Takes what is too wide from the widest column until the table fits. */
function shrink(widths: number[], width: number): void {
  const over = (): number => widths.reduce((sum, each) => sum + each, 0) - width
  while (over() > 0) {
    const widest = widths.indexOf(Math.max(...widths))
    if ((widths[widest] ?? 0) <= 6) return
    widths[widest] = Math.max(6, (widths[widest] ?? 0) - over())
  }
}

interface Layout {
  readonly widths: readonly number[]
  readonly gap: number
  readonly left: readonly number[]
}

function drawRow(row: readonly Cell[], { widths, gap, left }: Layout): string[] {
  const lastLeft = left.includes(widths.length - 1)
  const tail = row[widths.length - 1]
  const tailWidth = widths.at(-1) ?? 0
  const tailLines = lastLeft && tail !== undefined ? wrap(tail.text, tailWidth) : []
  const cells = widths.map((width, column) => {
    const cell = row[column]
    const text = column === widths.length - 1 && lastLeft ? (tailLines[0] ?? '') : (cell?.text ?? '')
    const cut = fit(text, width)
    const padded = left.includes(column) ? cut.padEnd(width) : cut.padStart(width)
    return cell?.paint === undefined || cut === ''
      ? padded
      : padded.replace(cut, () => cell.paint?.(cut) ?? cut)
  })
  const indent = ' '.repeat(widths.slice(0, -1).reduce((sum, each) => sum + each + gap, 0))
  const rest = tailLines
    .slice(1)
    .map((line) => indent + (tail?.paint === undefined ? line : tail.paint(line)))
  return [cells.join(' '.repeat(gap)), ...rest]
}
