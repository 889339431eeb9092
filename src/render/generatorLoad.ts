// What the load generator's process had of the machine, as rows of a table and as a sentence.
// It exists so that terminal and page tell the same measures with the same limits.
import { cpuWaitShareMost } from '../base/limits.js'
import { milliseconds, share } from './text.js'
import type { ReportView } from './view.js'

/** One measure of the generator; `allowed` is empty where nothing is. */
export interface GeneratorMeasure {
  readonly name: string
  readonly observed: string
  readonly allowed: string
  readonly holds: boolean
}

/** Empty where nobody watched: in simulated time, and in a run that was killed. */
export const generatorLoad = ({ summary, header }: ReportView): readonly GeneratorMeasure[] => {
  const { cpuShare, cpuWaitShare, loopDelayP99Ms, loopDelayMaxMs } = summary.generator
  if (cpuShare === null || loopDelayP99Ms === null) return []
  const delayMost = header.latenessLimitMs
  return [
    {
      name: 'Event loop late by, p99',
      observed: milliseconds(loopDelayP99Ms),
      allowed: milliseconds(delayMost),
      holds: loopDelayP99Ms <= delayMost,
    },
    { name: 'Event loop late by, at most', observed: milliseconds(loopDelayMaxMs), allowed: '', holds: true },
    { name: 'CPU used, of one core', observed: share(cpuShare, 1), allowed: '', holds: true },
    ...(cpuWaitShare === null
      ? []
      : [
          {
            name: 'Ready to run, but without a core',
            observed: share(cpuWaitShare, 1),
            allowed: share(cpuWaitShareMost, 1),
            holds: cpuWaitShare <= cpuWaitShareMost,
          },
        ]),
  ]
}

/** The same as a sentence, with a space before it. */
export const generatorLoadText = (view: ReportView): string => {
  const said = generatorLoad(view).map(({ name, observed, allowed }) => {
    const limit = allowed === '' ? '' : ` (allowed ${allowed})`
    return `${name.replace(/^[A-Z](?=[a-z])/, (first) => first.toLowerCase())} ${observed}${limit}`
  })
  return said.length === 0 ? '' : ` Its process: ${said.join('; ')}.`
}
