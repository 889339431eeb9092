// Reads the chart library that an HTML report carries inside it.
// It is here because rendering is pure: the text of these files is an argument there.
import { readFile } from 'node:fs/promises'
import { createRequire } from 'node:module'
import path from 'node:path'
import type { HtmlAssets } from '../render/html.js'

/** The text of uPlot's script and style sheet, as the installed package has them. */
export async function readReportAssets(): Promise<HtmlAssets> {
  const folder = path.dirname(createRequire(import.meta.url).resolve('uplot/package.json'))
  const [uplotScript, uplotStyle] = await Promise.all([
    readFile(path.join(folder, 'dist', 'uPlot.iife.min.js'), 'utf8'),
    readFile(path.join(folder, 'dist', 'uPlot.min.css'), 'utf8'),
  ])
  return { uplotScript, uplotStyle }
}
