// Sees that the run goes on: a request that is never answered, or that never stops computing, ends it with its seed.
// A thread of its own, since a program that computes for ever can watch nothing. It counts its own ticks, not the
// clock, so that a machine that was paused is no hang.
import { Worker } from 'node:worker_threads'

/** Ticks of a second without progress. */
const ticksMax = 120

const watch = `
  const { workerData } = require('node:worker_threads')
  const steps = new Int32Array(workerData.steps)
  let seen = -1
  let still = 0
  setInterval(() => {
    const now = Atomics.load(steps, 0)
    still = now === seen ? still + 1 : 0
    seen = now
    if (still < workerData.ticksMax) return
    require('node:fs').writeSync(2, 'a request hangs: ' + workerData.name + ', step ' + now + '\\n')
    process.kill(process.pid, 'SIGKILL')
  }, 1000)
`

/** Starts watching; what it returns is to be called at each step. */
export const startWatchdog = (name: string): (() => void) => {
  const steps = new SharedArrayBuffer(4)
  const counter = new Int32Array(steps)
  const worker = new Worker(watch, { eval: true, workerData: { steps, name, ticksMax }, execArgv: [] })
  worker.unref()
  return () => {
    Atomics.add(counter, 0, 1)
  }
}
