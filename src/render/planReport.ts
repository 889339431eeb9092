// A plan on a terminal: each figure with its derivation under it.
// It exists so that whoever reads a plan can check it on paper.
import pc from 'picocolors'
import type { PlanFigure, PlanUnit } from '../plan/plan.js'
import { bytes, count, duration, figure, wrap } from './text.js'

const shown = (value: number | null, unit: PlanUnit): string => {
  if (value === null) return 'not known'
  if (unit === 'bytes') return bytes(value)
  if (unit === 's') return duration(value)
  if (unit === 'rows/s' || unit === '/s') return `${figure(value)} ${unit}`
  return count(value)
}

export const renderPlan = (
  figures: readonly PlanFigure[],
  { columns, colour }: { readonly columns: number; readonly colour: boolean },
): string => {
  const { bold, dim } = pc.createColors(colour)
  const width = Math.max(60, Math.min(120, columns))
  const names = Math.max(...figures.map(({ name }) => name.length))
  const lines = figures.flatMap(({ name, value, unit, how }) => [
    `${name.padEnd(names)}  ${bold(shown(value, unit))}`,
    ...wrap(how, width, '    ').map((line) => dim(line)),
  ])
  return `${lines.join('\n')}\n`
}
