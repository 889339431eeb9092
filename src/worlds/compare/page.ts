// The page of a comparison as a file: where it is, and where from there the reports of its runs are.
// It exists so that finished runs, strategies and a search leave their page in one way.
import { access, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { readReportAssets } from '../../io/reportAssets.js'
import { runFiles } from '../../io/runFolder.js'
import { renderComparisonHtml } from '../../render/comparisonHtml.js'
import type { ComparisonView, RunCurves, ShownRun } from '../../render/comparisonView.js'

/** The page in the folder of a comparison. */
export const comparisonPage = 'comparison.html'

/** A run that stands on the page, and its folder. */
export interface PlacedRun {
  readonly name: string
  readonly curves: RunCurves
  readonly folder: string
}

export interface WritePageOptions extends Omit<ComparisonView, 'runs'> {
  readonly runs: readonly PlacedRun[]
  readonly file: string
}

/** The address of a run's report, as a link in the page's file wants it; null for a killed run, which has none. */
const reportAddress = async (file: string, folder: string): Promise<string | null> => {
  const report = path.join(path.resolve(folder), runFiles.report)
  const there = await access(report).then(
    () => true,
    () => false,
  )
  if (!there) return null
  return path
    .relative(path.dirname(path.resolve(file)), report)
    .split(path.sep)
    .map(encodeURIComponent)
    .join('/')
}

/** Draws a comparison into a file. */
export const writePage = async ({ runs, file, ...view }: WritePageOptions): Promise<void> => {
  const shown = await Promise.all(
    runs.map(async ({ name, curves, folder }): Promise<ShownRun> => {
      return { name, curves, report: await reportAddress(file, folder) }
    }),
  )
  await writeFile(file, renderComparisonHtml({ ...view, runs: shown }, await readReportAssets()))
}
