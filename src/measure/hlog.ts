// Reads an HdrHistogram log, as the recorder writes it, back into one distribution.
// It exists so that what a run measured can be asked for any percentile, from the file that it keeps.
import { build, decodeFromCompressedBase64, type Histogram } from 'hdr-histogram-js'
import { highestUs } from './histograms.js'

/**
 * All that the lines hold under a tag (an op), as one histogram of microseconds. Lines are without their newlines; those that
 * are comments, heads or of another tag are passed over.
 */
export const histogramOf = (lines: Iterable<string>, tag: string): Histogram => {
  const all = build({
    bitBucketSize: 32,
    autoResize: false,
    lowestDiscernibleValue: 1,
    highestTrackableValue: highestUs,
    numberOfSignificantValueDigits: 3,
  })
  for (const line of lines) {
    if (!line.startsWith(`Tag=${tag},`)) continue
    all.add(decodeFromCompressedBase64(line.slice(line.lastIndexOf(',') + 1), 32))
  }
  return all
}
