// The watch over the load generator's own process: what it sees of a loop that was held up and of processor time.
// Only bounds are checked that another program's load can but exceed.
import { expect, test } from '@jest/globals'
import { watchGenerator } from '../../src/io/generatorWatch.js'

/** Lets the event loop come round, past one look of the watch. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, 25)
  })

test('a loop that was held up for 200 ms is seen, and so is the processor time that it took', async () => {
  const watch = watchGenerator()
  await turn()
  const start = process.cpuUsage()
  for (;;) {
    const { user, system } = process.cpuUsage(start)
    if (user + system >= 200_000) break
  }
  await turn()
  const load = watch.end()
  expect(load.loopDelayMaxMs).toBeGreaterThan(100)
  expect(load.loopDelayP99Ms).toBeLessThanOrEqual(load.loopDelayMaxMs)
  expect(load.loopDelayP50Ms).toBeLessThanOrEqual(load.loopDelayP99Ms)
  expect(load.cpuShare).toBeGreaterThan(0)
  if (process.platform === 'linux') expect(load.cpuWaitShare).toBeGreaterThanOrEqual(0)
})
