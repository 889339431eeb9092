// A run's folder as one record, read whole.
// It exists because every verb that draws or judges a finished run begins with it.
import { collectRecord } from '../measure/fold.js'
import type { RunRecord, SeriesLine } from '../measure/record.js'
import { readRunFolder } from './readRunFolder.js'

/** @throws InputError if it is not the folder of a run */
export const readRecord = async (folder: string): Promise<RunRecord> => {
  const stored = await readRunFolder(folder)
  const lines: SeriesLine[] = []
  for await (const line of stored.lines()) lines.push(line)
  return collectRecord(stored.header, lines, stored.end)
}
