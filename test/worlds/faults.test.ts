// Each kind of fault in the simulated world, and many of them one after the other with real processes: what each does, and that
// nothing is left behind but the run's folder.
import { existsSync, readdirSync, writeFileSync } from 'node:fs'
import path from 'node:path'
import { afterAll, describe, expect, jest, test } from '@jest/globals'
import type { FaultEffect } from '../../src/measure/faultEffects.js'
import type { Summary } from '../../src/measure/summary.js'
import { childrenOf, isRunning, Program, until } from '../support/program.js'
import { Scratch, simulate } from '../support/storedRun.js'

jest.setTimeout(300_000)

const scratch = new Scratch()
const programs: Program[] = []
afterAll(() => {
  for (const program of programs) program.clear()
  scratch.remove()
})

/** Three backends, half of the calls with a new token each. */
const textOf = (
  steps: readonly string[],
  more: Readonly<Record<string, string>> = {},
): string => `name: faults
duration: ${more['duration'] ?? '5m'}
identity:
  provider: ${more['provider'] ?? 'fernet'}
  backends: 3
  expiration: 20m
  cache: ${more['cache'] ?? 'none'}
  balancer: ${more['balancer'] ?? 'client'}
  keys: { max_active_keys: 6 }
  password_hash: { scheme: plain }
middleware: { token_cache_time: 20s, negative_cache: false, workers: 2 }
tokens: { live: 300 }
clients:
  cli: { behaviour: one-shot, members: 60, every: 20s, through: [nova] }
  users: { behaviour: password-session, members: 60, every: 20s, through: [nova] }
timeline:
${steps.map((step) => `  - ${step}`).join('\n')}
clock:
  - { until: ${more['duration'] ?? '5m'}, speed: 30 }
limits: { request_timeout: 4s, lateness_p99: 10s }
`

/** What one fault did that lasts from 2:00 to 3:00. */
const effectOf = async (fault: string, more: Readonly<Record<string, string>> = {}): Promise<FaultEffect> => {
  const lasting = fault.includes('for: none')
    ? fault.replace(', for: none', '')
    : fault.replace(' }', ', for: 1m }')
  const { summary } = await simulate(
    scratch,
    textOf([`{ at: 2m, fault: ${lasting} }`, ...(more['later'] === undefined ? [] : [more['later']])], more),
  )
  expect(summary.faultEffects).toHaveLength(1)
  return summary.faultEffects[0] as FaultEffect
}

describe('in the simulated world', () => {
  test('keys withheld do no harm for one rotation, and refuse tokens after the second', async () => {
    const rotated = '{ at: 2m5s, keys.rotate: true }\n  - { at: 2m6s, keys.distribute: all }'
    const once = await effectOf('{ kind: keys-withheld, nodes: [3] }', { later: rotated })
    expect(once.effect.refused).toBe(0)
    const again = rotated.replaceAll('2m5s', '2m15s').replaceAll('2m6s', '2m16s')
    const twice = await effectOf('{ kind: keys-withheld, nodes: [3] }', { later: `${rotated}\n  - ${again}` })
    expect(Object.keys(twice.effect.byCause)).toEqual(['key-not-distributed'])
    expect(twice.recovered).toBe(true)
  })

  test.each([
    ['keys-rotated-twice, nodes: [1]', 'key-not-distributed'],
    ['keys-rotated-early, times: 6, for: none', 'key-rotated-away'],
    ['clock-skew, nodes: [2], skew: 15m', 'expired'],
  ])('%s has tokens refused as %s', async (fault, cause) => {
    const { effect, downtimeSec } = await effectOf(`{ kind: ${fault} }`)
    expect(Object.keys(effect.byCause)).toEqual([cause])
    expect(effect.refused).toBeGreaterThan(10)
    expect(downtimeSec?.value).toBeGreaterThan(5)
  })

  test.each(['keys-wrong-mode, nodes: [2]', 'keys-wrong-owner, nodes: [2]', 'database-stopped'])(
    '%s gives errors and refuses nobody',
    async (fault) => {
      const { effect, recovered } = await effectOf(`{ kind: ${fault} }`)
      expect(effect).toMatchObject({ refused: 0 })
      expect(effect.failed).toBeGreaterThan(20)
      expect(recovered).toBe(true)
    },
  )

  test.each(['database-read-only', 'database-full'])(
    '%s keeps UUID tokens from being issued, and does nothing to Fernet',
    async (kind) => {
      const rows = await effectOf(`{ kind: ${kind} }`, { provider: 'uuid' })
      expect(rows.effect.failed).toBeGreaterThan(20)
      const none = await effectOf(`{ kind: ${kind} }`)
      expect(none.effect).toMatchObject({ refused: 0, failed: 0, timeout: 0 })
    },
  )

  test('a slow database is a degradation by what each answer takes longer, and nothing else', async () => {
    const { effect, degradation, downtimeSec } = await effectOf('{ kind: database-slow, latency: 200ms }')
    expect(effect).toMatchObject({ refused: 0, failed: 0, timeout: 0 })
    expect(downtimeSec?.value).toBe(0)
    for (const { difference } of degradation) {
      expect(difference.value).toBeGreaterThan(150)
      expect(difference.value).toBeLessThan(201)
    }
    expect(degradation.map(({ op }) => op)).toEqual(['validate', 'issue'])
    // With UUID tokens the rows of both tokens are read as well, one after the other.
    const rows = await effectOf('{ kind: database-slow, latency: 200ms }', { provider: 'uuid' })
    const validate = rows.degradation.find(({ op }) => op === 'validate')
    expect(validate?.difference.value).toBeGreaterThan(3 * 150)
    expect(validate?.difference.value).toBeLessThan(3 * 201)
  })

  test('a database that hangs gives time-outs', async () => {
    const { effect } = await effectOf('{ kind: database-hung }')
    expect(effect.timeout).toBeGreaterThan(20)
    expect(effect.refused).toBe(0)
  })

  test('a restart that hangs for longer than clients wait gives time-outs, a shorter one makes them wait', async () => {
    const after = async (hangs: string): Promise<Summary['requests']['byOutcome']> => {
      const outage = `{ resets: 1s, refused: 1s, hangs: ${hangs} }`
      const step = `{ at: 10s, cutover: { to: fernet, nodes: all, outage: ${outage} } }`
      return (await simulate(scratch, textOf([step], { duration: '30s' }))).summary.requests.byOutcome
    }
    // Clients wait 4 s.
    expect((await after('3s')).timeout).toBe(0)
    expect((await after('10s')).timeout).toBeGreaterThan(20)
  })

  test('a killed backend costs more without health checks than with them', async () => {
    const fault = '{ kind: backend-killed, nodes: [2] }'
    const [checked, blind] = [
      await effectOf(fault, { balancer: '{ kind: client, checks: true }' }),
      await effectOf(fault, { balancer: '{ kind: client, checks: false }' }),
    ]
    const bad = ({ effect }: FaultEffect): number => effect.failed + effect.timeout
    // Taken out with the third failed check, 4 to 6 s after it died; else for the whole minute.
    expect(bad(checked)).toBeGreaterThan(0)
    expect(bad(blind)).toBeGreaterThan(4 * bad(checked))
  })

  test('a killed backend behind HAProxy is noticed by nobody whose request was not just with it', async () => {
    const { effect } = await effectOf('{ kind: backend-killed, nodes: [2] }', { balancer: 'haproxy' })
    expect(effect.failed + effect.timeout).toBeLessThan(3)
  })

  test('a hung backend is taken out by its checks; what it held is answered when it goes on', async () => {
    const { effect, recovered } = await effectOf('{ kind: backend-hung, nodes: [2] }')
    expect(effect.timeout).toBeGreaterThan(3)
    expect(recovered).toBe(true)
  })

  test.each(['memcached-flushed, for: none', 'memcached-gone'])(
    '%s harms nobody: a miss is all that it is',
    async (fault) => {
      const { effect } = await effectOf(`{ kind: ${fault} }`, { cache: 'memcached' })
      expect(effect).toMatchObject({ refused: 0, failed: 0, timeout: 0 })
    },
  )

  test('a step that fails because of a planned fault is its effect, and no flaw of the run', async () => {
    const { summary } = await simulate(
      scratch,
      textOf([
        '{ at: 2m, fault: { kind: rotation-crash, after_step: 2, for: 1m } }',
        '{ at: 150s, keys.rotate: true }',
        '{ at: 4m, keys.rotate: true }',
      ]),
    )
    expect(summary.faultEffects[0]?.effect.failedSteps).toBe(1)
    expect(summary.timeline.filter(({ event }) => event === 'keys.rotate').map(({ ok }) => ok)).toEqual([
      false,
      true,
    ])
    expect(summary.verdict).toBe('pass')
  })
})

describe('with real processes', () => {
  test('faults come and go, the folder is whole, and no process is left, not even one that hangs at the end', async () => {
    const file = path.join(scratch.root, 'faults.yaml')
    const text = textOf(
      [
        '{ at: 1m, fault: { kind: backend-killed, nodes: [1], for: 1m } }',
        '{ at: 150s, fault: { kind: keys-wrong-mode, nodes: [2], for: 30s } }',
        '{ at: 200s, fault: { kind: memcached-gone, for: 20s } }',
        '{ at: 240s, fault: { kind: database-full, for: 20s } }',
        '{ at: 270s, fault: { kind: staged-key-lost, for: 10s } }',
        '{ at: 320s, fault: { kind: backend-restarted, nodes: [3] } }',
        '{ at: 7m, fault: { kind: backend-hung, nodes: [2] } }',
      ],
      { duration: '450s', provider: 'uuid', cache: 'memcached', balancer: 'haproxy' },
    )
    writeFileSync(file, text)
    const folder = scratch.next()
    const program = new Program(['rehearse', file, '--out', folder, '--json'], { cwd: scratch.root })
    programs.push(program)
    await until('it runs', () => existsSync(path.join(folder, 'series.ndjson')))
    await until('its processes are there', () => childrenOf(program.pid).length >= 6)
    const children = childrenOf(program.pid).map(({ pid }) => pid)
    const { stdout, stderr } = await program.ended
    if (stdout === '') throw new Error(stderr)
    const summary = JSON.parse(stdout) as Summary
    expect(summary.faults).toEqual([])
    expect(summary.timeline.filter(({ ok }) => !ok)).toEqual([])
    expect(summary.faultEffects.map(({ kind }) => kind)).toEqual([
      'backend-killed',
      'keys-wrong-mode',
      'memcached-gone',
      'database-full',
      'staged-key-lost',
      'backend-restarted',
      'backend-hung',
    ])
    expect(summary.keystone.byStatus['500']).toBeGreaterThan(0)
    expect(children.filter(isRunning)).toEqual([])
    expect(readdirSync(folder).sort()).toEqual([
      'latency.hlog',
      'report.html',
      'run.json',
      'series.ndjson',
      'summary.json',
    ])
  })
})
