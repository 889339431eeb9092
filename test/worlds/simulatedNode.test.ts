// A simulated backend whose processes end: what it had to do is lost, and whoever waits for it learns that.
import { expect, test } from '@jest/globals'
import { micros } from '../../src/base/time.js'
import { keyRing } from '../../src/token/keyring.js'
import { endLife, simulatedNode, type SimulatedNode } from '../../src/worlds/simulated/node.js'

test('a backend that is killed breaks the connections of those who wait for one of its processes', () => {
  let forgotten = 0
  const made = { forget: () => forgotten++ } as unknown as Pick<
    SimulatedNode,
    'identity' | 'answer' | 'forget'
  >
  const node = simulatedNode(made, keyRing([]))
  node.busy = 2
  const told: unknown[] = []
  for (const waiting of [1, 2]) {
    node.queue.push({
      node: 3,
      request: { op: 'validate', authToken: 'a', subjectToken: 'b' },
      sent: micros(waiting),
      done: ({ status, failure }, sent) => told.push([status, failure, sent]),
    })
  }
  endLife(node)
  expect(told).toEqual([
    [0, 'reset', micros(1)],
    [0, 'reset', micros(2)],
  ])
  expect([node.queue.length, node.busy, node.life, forgotten]).toEqual([0, 0, 1, 1])
})
