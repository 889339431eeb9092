// What a sample costs in the recorder, in processor time and in memory, against a bare histogram that takes the same value.
// Nothing but the recorder runs, so that its own figures are seen.
import { build, initWebAssemblySync } from 'hdr-histogram-js'
import { Random } from '../base/random.js'
import { micros } from '../base/time.js'
import { highestUs } from '../measure/histograms.js'
import { createRecorder } from '../measure/recorder.js'
import type { Sample } from '../measure/sample.js'
import type { BarRow } from './barRow.js'

/** Samples in a second of the scenario: ten million of them are a day. */
const perSec = 116
const classes = ['users', 'automation', 'heat', 'magnum', 'scripts', 'nova', 'neutron']
/** So many samples first, so that histograms are there and the compiler has seen the code. */
const warmUp = 300_000
const costMostUs = 2
const growthMostMiB = 64

/** A stream of samples, one object written over again as the engine does it; some are refused, one in five is an issue. */
const sampleStream = (): ((ordinal: number) => Sample) => {
  const random = new Random(1, 'samples')
  const sample: Sample = {
    clientClass: 'users',
    leg: 'client',
    op: 'validate',
    outcome: 'ok',
    status: 200,
    cause: null,
    node: 1,
    format: 'uuid',
    waited: false,
    detail: null,
    atSec: 0,
    due: micros(0),
    sent: micros(0),
    done: micros(0),
  }
  return (ordinal) => {
    const draw = random.uint32()
    const refused = draw % 50 === 0
    sample.clientClass = classes[draw % classes.length] ?? 'users'
    sample.leg = (draw & 256) === 0 ? 'client' : 'keystone'
    sample.op = draw % 5 === 0 ? 'issue' : 'validate'
    sample.outcome = refused ? 'rejected' : 'ok'
    sample.status = refused ? 404 : 200
    sample.cause = refused ? 'uuid-on-fernet-node' : null
    sample.node = 1 + ((draw >>> 9) & 3)
    sample.atSec = ordinal / perSec
    sample.due = micros(sample.atSec)
    sample.sent = micros(sample.atSec + 1e-4)
    sample.done = micros(sample.atSec + 1e-3 + (draw >>> 12) / 1e8)
    return sample
  }
}

/** Processor time of this process for each of so many samples, microseconds: other programs' work does not count. */
const costUs = (samples: number, take: (sample: Sample) => void): number => {
  const next = sampleStream()
  const start = process.cpuUsage()
  for (let i = 0; i < samples; i++) take(next(i))
  const { user, system } = process.cpuUsage(start)
  return (user + system) / samples
}

const recorderOf = (durationSec: number) =>
  createRecorder({
    intervalSec: 60,
    durationSec,
    warmupSec: 0,
    classes,
    stretches: [{ untilSec: durationSec, speed: 1, traffic: 1 }],
    emit: () => {},
    emitHlog: () => {},
  })

const residentMiB = (): number => process.memoryUsage.rss() / 2 ** 20

/** @param samples how many the recorder takes while its memory is looked at */
export const benchRecorder = ({ samples }: { readonly samples: number }): BarRow[] => {
  initWebAssemblySync()
  const early = Math.min(samples, warmUp)
  const first = recorderOf(early / perSec)
  costUs(early, (sample) => first.record(sample))
  first.finish(early / perSec)
  let seen = 0
  const makingUs = costUs(samples, (sample) => {
    seen += sample.done
  })
  const bare = build({
    highestTrackableValue: highestUs,
    numberOfSignificantValueDigits: 3,
    useWebAssembly: true,
  })
  const start = process.cpuUsage()
  for (let i = 0; i < samples; i++) bare.recordValue(1000 + (i & 65_535))
  const spent = process.cpuUsage(start)
  const floorUs = (spent.user + spent.system) / samples
  bare.destroy()
  const measured = recorderOf(samples / perSec)
  const beforeMiB = residentMiB()
  let mostMiB = beforeMiB
  let taken = 0
  const us =
    costUs(samples, (sample) => {
      measured.record(sample)
      if (++taken % 1_000_000 === 0) mostMiB = Math.max(mostMiB, residentMiB())
    }) - makingUs
  mostMiB = Math.max(mostMiB, residentMiB())
  measured.finish(samples / perSec)
  const many = samples.toLocaleString('en')
  return [
    {
      name: `recorder, a sample of ${many}; floor: a bare histogram`,
      value: us,
      unit: 'µs CPU',
      floor: floorUs,
      ratio: us / floorUs,
      rule: '≤',
      bar: costMostUs,
      holds: us <= costMostUs && seen > 0,
    },
    {
      name: `recorder, growth of memory over ${many} samples; floor: the process before`,
      value: mostMiB - beforeMiB,
      unit: 'MiB',
      floor: beforeMiB,
      ratio: mostMiB / beforeMiB,
      rule: '≤',
      bar: growthMostMiB,
      holds: mostMiB - beforeMiB < growthMostMiB,
    },
  ]
}
