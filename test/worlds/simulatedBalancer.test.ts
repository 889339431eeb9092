// HAProxy as the simulated world plays it: whom it chooses, when it tries another server, what it answers itself.
// Statuses, `retries` and the algorithms are those of HAProxy's configuration manual.
import { expect, test } from '@jest/globals'
import { micros, toSec } from '../../src/base/time.js'
import type { ApiReply, ApiRequest } from '../../src/clients/exchange.js'
import type { Target } from '../../src/rehearsal/ports.js'
import { SimulatedBalancer } from '../../src/worlds/simulated/balancer.js'
import { noAnswer } from '../../src/worlds/simulated/node.js'
import { VirtualClock } from '../../src/worlds/simulated/virtualClock.js'

const request: ApiRequest = { op: 'validate', authToken: 'a', subjectToken: 'b' }

/** Three servers, each of which answers after so many seconds, or fails in its way. */
const play = (
  servers: readonly (number | NonNullable<ApiReply['failure']>)[],
  options: { readonly algorithm: 'roundrobin' | 'leastconn'; readonly dueSec: readonly number[] },
) => {
  const clock = new VirtualClock()
  const chosen: number[] = []
  const target: Target = {
    nodes: servers.length,
    healthy: () => [],
    send: (node, _, done) => {
      chosen.push(node)
      const how = servers[node - 1] ?? 0
      const sent = clock.now()
      const afterSec = typeof how === 'number' ? how : 0.001
      const reply =
        typeof how === 'number'
          ? { ...noAnswer('reset', node), status: 200, failure: null }
          : noAnswer(how, node)
      clock.at(micros(toSec(sent) + afterSec), () => done(reply, sent))
    },
  }
  const { algorithm } = options
  const balancer = new SimulatedBalancer({ servers: target, algorithm, checks: null, clock })
  const statuses: number[] = []
  for (const dueSec of options.dueSec)
    clock.at(micros(dueSec), () => balancer.send(0, request, ({ status }) => statuses.push(status)))
  while (clock.run(1));
  return { chosen, statuses }
}

const once = { algorithm: 'roundrobin', dueSec: [0] } as const

test.each([
  ['refused', 503],
  ['reset', 502],
  ['timeout', 504],
] as const)('a server’s failure %s is told to the client as %d', (failure, status) => {
  expect(play([failure], once).statuses).toEqual([status])
})

test('a refused connection is tried again three times, at the next server each time; a broken one is not', () => {
  expect(play(['refused', 'refused', 'refused'], once)).toEqual({ chosen: [1, 2, 3, 1], statuses: [503] })
  expect(play(['refused', 1, 1], once)).toEqual({ chosen: [1, 2], statuses: [200] })
  expect(play(['reset', 1, 1], once)).toEqual({ chosen: [1], statuses: [502] })
  expect(play(['timeout', 1, 1], once)).toEqual({ chosen: [1], statuses: [504] })
})

test('roundrobin goes by turns whatever is under way, leastconn to who has least', () => {
  const dueSec = [0, 0.1, 0.2, 0.3, 0.4]
  const slowFirst = [10, 0.05, 0.05]
  expect(play(slowFirst, { algorithm: 'roundrobin', dueSec }).chosen).toEqual([1, 2, 3, 1, 2])
  expect(play(slowFirst, { algorithm: 'leastconn', dueSec }).chosen).toEqual([1, 2, 3, 2, 3])
})
