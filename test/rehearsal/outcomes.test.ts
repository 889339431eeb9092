// What an answer means, for Keystone and for whoever asked: the table that every count of a run goes through.
// One status can be good to a service and a refusal to a holder; these rows say which.
import { describe, expect, test } from '@jest/globals'
import type { ApiReply, Ask } from '../../src/clients/exchange.js'
import { outcomeAtKeystone, outcomeForSender } from '../../src/rehearsal/outcomes.js'

const reply = (status: number, failure: ApiReply['failure'] = null): ApiReply => ({
  status,
  failure,
  subjectToken: null,
  expiresAtSec: null,
  cause: null,
  node: 1,
})

const validation = (by: string, judged: string): Extract<Ask, { kind: 'keystone' }> => ({
  kind: 'keystone',
  request: { op: 'validate', authToken: 'x', subjectToken: 'y' },
  by,
  judged,
  format: 'uuid',
})

const issue: Extract<Ask, { kind: 'keystone' }> = {
  kind: 'keystone',
  request: { op: 'issue', userId: 'u', password: 'p', projectId: null },
  by: 'users',
  judged: 'users',
  format: null,
}

describe('an answer', () => {
  test.each([
    [200, 'ok'],
    [201, 'ok'],
    [204, 'ok'],
    [401, 'rejected'],
    [403, 'rejected'],
    [404, 'rejected'],
    [400, 'failed'],
    [409, 'failed'],
    [413, 'failed'],
    [500, 'failed'],
    [503, 'failed'],
  ] as const)('of status %i is %s', (status, outcome) => {
    expect(outcomeAtKeystone(reply(status))).toBe(outcome)
    expect(outcomeForSender(issue, reply(status))).toBe(outcome)
  })

  test('that did not come is a time-out or a failure', () => {
    expect(outcomeAtKeystone(reply(0, 'timeout'))).toBe('timeout')
    expect(outcomeAtKeystone(reply(0, 'refused'))).toBe('failed')
    expect(outcomeAtKeystone(reply(0, 'reset'))).toBe('failed')
  })

  test('that somebody else’s token is unknown is a good one to the service that asked', () => {
    expect(outcomeForSender(validation('nova', 'users'), reply(404))).toBe('ok')
    expect(outcomeForSender(validation('users', 'users'), reply(404))).toBe('rejected')
  })

  test('that the service’s own token is no good is a refusal to it', () => {
    expect(outcomeForSender(validation('nova', 'users'), reply(401))).toBe('rejected')
  })
})
