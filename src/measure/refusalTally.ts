// Refusals of the open interval, told apart by everything that is known of them, and counted.
// What is kept is a count for each combination, never a token: memory does not grow with the run.
import type { RefusalCount } from './record.js'
import type { RefusalDetail, Sample } from './sample.js'

/** Ages of tokens are told in steps that people think in. */
const ages: readonly (readonly [belowSec: number, name: string])[] = [
  [60, 'below 1 min'],
  [300, '1 to 5 min'],
  [900, '5 to 15 min'],
  [3600, '15 to 60 min'],
  [21_600, '1 to 6 h'],
  [86_400, '6 to 24 h'],
]

export const ageName = (ageSec: number): string =>
  ages.find(([belowSec]) => ageSec < belowSec)?.[1] ?? '24 h and more'

const nothingKnown: Omit<RefusalDetail, 'node'> = {
  format: null,
  ageSec: null,
  keyId: null,
  inferred: null,
  verdict: 'undecided',
}

export class RefusalTally {
  private counts = new Map<string, { -readonly [key in keyof RefusalCount]: RefusalCount[key] }>()

  add(sample: Sample): void {
    const { clientClass, leg, cause, detail } = sample
    const { format, ageSec, keyId: key, inferred, verdict } = detail ?? nothingKnown
    const node = detail?.node ?? sample.node
    const age = ageSec === null ? null : ageName(ageSec)
    const name = `${clientClass} ${leg} ${cause} ${node} ${format} ${age} ${key} ${inferred} ${verdict}`
    const known = this.counts.get(name)
    if (known === undefined)
      this.counts.set(name, { clientClass, leg, cause, node, format, age, key, inferred, verdict, n: 1 })
    else known.n++
  }

  /** The counts in an order that does not depend on that of the samples; there are none after. */
  drain(): readonly RefusalCount[] {
    const counts = [...this.counts].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, count]) => count)
    this.counts = new Map()
    return counts
  }
}
