// Calls that are counted in advance: the counts must be those of a run in which each call has its own turn.
// It is a matter of speed only, so every difference is a defect.
import { describe, expect, test } from '@jest/globals'
import { EngineStage } from '../support/engineStage.js'

const scenario = (more: string): string => `
name: quiet
seed: 3
duration: 40m
cloud: { users: 40, projects: 4, services: [nova, heat] }
identity: { provider: fernet, backends: 2, expiration: 2h }
middleware: { token_cache_time: 5m, cache: process, workers: 2 }
tokens: { live: 0 }
clients:
  users: { behaviour: password-session, members: 20, every: 40s, arrivals: poisson, through: [nova, heat] }
  heat: { behaviour: heat-mitaka, members: 5, every: 30s, arrivals: constant, through: [nova] }
  cli: { behaviour: one-shot, members: 10, every: 90s, arrivals: poisson, through: [nova] }
${more}`

/** How many good calls each class had in each second, and everything that was asked of Keystone. */
const told = (text: string, countsAhead: boolean) => {
  const stage = new EngineStage({ scenario: text, countsAhead }).run()
  const counts = new Map<string, number>()
  const add = (className: string, atSec: number): void => {
    const name = `${className} ${Math.floor(atSec)}`
    counts.set(name, (counts.get(name) ?? 0) + 1)
  }
  for (const { clientClass, op, outcome, leg, atSec } of stage.samples) {
    if (leg === 'client' && op === 'call' && outcome === 'ok') add(clientClass, atSec)
  }
  for (const [className, atSec] of stage.quiet) add(className, atSec)
  const sent = stage.sent.map(({ node, request, atSec }) => ({ node, op: request.op, atSec }))
  return {
    counts: Object.fromEntries(counts),
    sent,
    calls: stage.engine.callCount,
    ahead: stage.quiet.length,
  }
}

describe('calls that are counted in advance', () => {
  test.each([
    ['in a steady cloud', ''],
    [
      'with restarts, which empty caches',
      'timeline:\n  - { at: 11m, restart: nova }\n  - { at: 20m, restart: heat }',
    ],
    [
      'with a switch and a restart after it',
      'timeline:\n  - { at: 10m, cutover: { to: uuid, nodes: all } }\n  - { at: 15m, restart: heat }',
    ],
  ])('come to the same counts and the same requests: %s', (_, more) => {
    const one = told(scenario(more), false)
    const other = told(scenario(more), true)
    expect(one.ahead).toBe(0)
    expect(other.ahead).toBeGreaterThan(100)
    expect(other.counts).toEqual(one.counts)
    expect(other.sent).toEqual(one.sent)
    expect(other.calls).toBe(one.calls)
  })

  test('are none where threads of a service may be busy, since nobody can know then who waits', () => {
    const text = scenario('').replace('workers: 2', 'workers: 2, threads: 1')
    expect(told(text, true).ahead).toBe(0)
  })
})
