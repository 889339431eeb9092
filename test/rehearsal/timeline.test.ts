// The timeline at work: rolling switches, restarts, flushes and steps that fail, as the record tells of them.
// The operator is a script here; what is checked is when steps begin and end, what they hit, and what is written down.
import { describe, expect, test } from '@jest/globals'
import { stepLabel } from '../../src/rehearsal/timeline.js'
import { EngineStage, type StageOptions } from '../support/engineStage.js'

const scenario = (rest: string, backends = 4): string => `name: stage
duration: 1h
cloud: { users: 20, projects: 4, services: [nova, heat] }
identity: { expiration: 24h, backends: ${backends} }
middleware: { workers: 3 }
clients:
  users: { behaviour: password-session, members: 5, every: 60s, arrivals: constant, through: [nova] }
  heat: { behaviour: heat-mitaka, members: 4, every: 60s, arrivals: constant, through: [nova, heat] }
  scripts: { behaviour: saved-token-script, members: 2, every: 60s, arrivals: constant }
${rest}
`

const stage = (timeline: string, options: Omit<StageOptions, 'scenario'> = {}, backends = 4): EngineStage =>
  new EngineStage({ scenario: scenario(`timeline: [${timeline}]`, backends), ...options }).run()

describe('a rolling switch', () => {
  const rolling = stage('{ at: 10m, cutover: { to: fernet, nodes: rolling, gap: 30s } }', {
    perform: (_step, node) => ({ afterSec: node === 2 ? 40 : 2 }),
  })

  test('reaches one backend after the other, a gap apart, whether or not the one before is through', () => {
    const nodes = rolling.events.filter(({ node }) => node !== undefined)
    expect(nodes.map(({ event, node, to, label }) => [event, node, to, label])).toEqual([
      ['cutover node 1', 1, 'fernet', 'node 1 → fernet'],
      ['cutover node 3', 3, 'fernet', 'node 3 → fernet'],
      ['cutover node 2', 2, 'fernet', 'node 2 → fernet'],
      ['cutover node 4', 4, 'fernet', 'node 4 → fernet'],
    ])
    expect(nodes.map(({ dueSec, startedSec, endedSec }) => [dueSec, startedSec, endedSec])).toEqual([
      [600, 600, 602],
      [660, 660, 662],
      [630, 630, 670],
      [690, 690, 692],
    ])
  })

  test('is told as a whole when its last backend has switched', () => {
    expect(rolling.events.at(-1)).toMatchObject({
      event: 'cutover',
      label: 'switch to fernet',
      origin: 'scenario',
      dueSec: 600,
      startedSec: 600,
      endedSec: 692,
      ok: true,
      note: '4 backends',
      to: 'fernet',
    })
  })

  test('is announced once, before the first backend, with a look at the table', () => {
    expect(rolling.marks).toEqual([600])
    expect(rolling.tables.map(({ atSec }) => atSec)).toContain(600.1)
  })

  test('takes as long as its operator takes, in real milliseconds', () => {
    const fast = stage('{ at: 10m, cutover: { to: fernet, nodes: rolling, gap: 30s } }', {
      speed: 60,
      perform: () => ({ afterSec: 6 }),
    })
    expect(fast.events.find(({ node }) => node === 1)?.tookMs).toBeCloseTo(100, 3)
  })
})

describe('a switch of all backends, or of some', () => {
  test('begins on all of them at once', () => {
    const { events } = stage('{ at: 10m, cutover: { to: fernet } }')
    expect(events.filter(({ node }) => node !== undefined).map(({ startedSec }) => startedSec)).toEqual([
      600, 600, 600, 600,
    ])
  })

  test('reaches those that are named, in their order', () => {
    const { events } = stage('{ at: 10m, cutover: { to: fernet, nodes: [3, 1], gap: 1m } }')
    expect(events.map(({ event, startedSec }) => [event, startedSec])).toEqual([
      ['cutover node 3', 600],
      ['cutover node 1', 660],
      ['cutover', 600],
    ])
  })
})

describe('a step that fails', () => {
  test('is recorded as failed, with the reason', () => {
    const { events } = stage('{ at: 10m, keys.distribute: [2] }', {
      perform: () => ({ ok: false, note: 'no space left', afterSec: 5 }),
    })
    expect(events).toEqual([
      {
        kind: 'event',
        event: 'keys.distribute',
        label: 'distribute keys',
        origin: 'scenario',
        dueSec: 600,
        startedSec: 600,
        endedSec: 605,
        ok: false,
        note: 'no space left',
        tookMs: 5000,
      },
    ])
  })

  test('on one backend makes the whole switch fail, and names the backend', () => {
    const { events } = stage('{ at: 10m, cutover: { to: fernet, nodes: rolling } }', {
      perform: (_step, node) => (node === 2 ? { ok: false, note: 'backend 2 has ended' } : {}),
    })
    expect(events.map(({ event, ok }) => [event, ok])).toEqual([
      ['cutover node 1', true],
      ['cutover node 2', false],
      ['cutover node 3', true],
      ['cutover node 4', true],
      ['cutover', false],
    ])
    expect(events.at(-1)?.note).toBe('node 2: backend 2 has ended')
  })

  test('does not keep later steps back', () => {
    const { events } = stage('{ at: 10m, keys.rotate: true }, { at: 11m, keys.distribute: all }', {
      perform: (step) => ({ ok: step.action.kind !== 'keys.rotate', afterSec: 120 }),
    })
    expect(events.map(({ event, startedSec, ok }) => [event, startedSec, ok])).toEqual([
      ['keys.rotate', 600, false],
      ['keys.distribute', 660, true],
    ])
  })
})

describe('a restart', () => {
  test('hits the class and the service of that name: tokens are gone, and each asks for a new one', () => {
    const { events, sent, scenario: read } = stage('{ at: 30m, restart: heat }')
    expect(events).toEqual([
      expect.objectContaining({
        event: 'restart',
        label: 'restart heat',
        target: 'heat',
        ok: true,
        note: '3 workers and 4 members restarted',
      }),
    ])
    // Tokens of the start live for up to a day, so some are renewed at their nominal end; the rest only here.
    const trustees = sent.filter(({ request, atSec }) => request.op === 'trust-issue' && atSec > 1800)
    const heat = read.clients.find(({ name }) => name === 'heat')
    expect(trustees.length).toBeGreaterThanOrEqual(heat?.members ?? 0)
    expect(Math.max(...trustees.slice(0, 4).map(({ atSec }) => atSec))).toBeLessThan(1800 + 60.001)
  })

  test('of a service alone ends the sessions of its workers', () => {
    const { events, sent } = stage('{ at: 30m, restart: nova }')
    expect(events[0]?.note).toBe('3 workers restarted')
    const before = sent.filter(({ request, atSec }) => request.op === 'issue' && atSec < 1800)
    const after = sent.filter(({ request, atSec }) => request.op === 'issue' && atSec >= 1800)
    expect(after.length).toBeGreaterThan(before.length)
  })

  test('of a class whose tokens stand in files restarts nothing', () => {
    expect(stage('{ at: 30m, restart: scripts }').events[0]?.note).toBe('nobody restarted')
  })

  test('that the operator cannot do says why', () => {
    const { events } = stage('{ at: 30m, restart: heat }', {
      perform: () => ({ ok: false, note: 'no such unit' }),
    })
    expect(events[0]).toMatchObject({ ok: false, note: 'no such unit' })
  })
})

/** What stands right before a flush, right after it, and at the end of the story. */
const framed = ({ story }: EngineStage): readonly (string | undefined)[] => [
  story[story.indexOf('flush') - 1],
  story[story.indexOf('flushed') + 1],
  story.at(-1),
]

describe('a flush', () => {
  test('stands between two looks at the table', () => {
    const flushed = stage('{ at: 10m, flush: true }', { perform: () => ({ afterSec: 20 }) })
    expect(framed(flushed)).toEqual(['look', 'look', 'end'])
    const looks = flushed.tables.map(({ atSec }) => atSec).filter((sec) => sec > 1 && sec < 1800)
    expect(looks).toEqual([600.1, 620.2].map((sec) => expect.closeTo(sec, 6)))
    const [event] = flushed.events
    expect(event).toMatchObject({ event: 'flush', label: 'token_flush', dueSec: 600, ok: true })
    expect([event?.startedSec, event?.endedSec]).toEqual([600.1, 620.1].map((sec) => expect.closeTo(sec, 6)))
  })

  test('that outlives the plan keeps the run open until it has ended and the table was looked at', () => {
    const late = stage('{ at: 59m, flush: true }', { perform: () => ({ afterSec: 300 }) })
    expect(framed(late)).toEqual(['look', 'look', 'end'])
    expect(late.ends).toEqual([expect.closeTo(3540 + 0.1 + 300 + 0.1, 6)])
    expect(late.tables.at(-1)?.atSec).toBeCloseTo(3840.2, 6)
  })

  test('that waits for its first look when the plan ends is done all the same', () => {
    const late = stage('{ at: 59m59s, flush: true }', { lookSec: 30 })
    expect(framed(late)).toEqual(['look', 'look', 'end'])
    expect(late.ends).toEqual([expect.closeTo(3599 + 30 + 1 + 30, 6)])
  })

  test('keeps a run that is stopped open until it has ended', () => {
    const stopped = new EngineStage({
      scenario: scenario('timeline: [{ at: 10m, flush: true }]'),
      perform: () => ({ afterSec: 300 }),
    })
    stopped.at(700, () => stopped.engine.stop())
    stopped.run()
    expect(framed(stopped)).toEqual(['look', 'look', 'end'])
    expect(stopped.events.map(({ event, ok }) => [event, ok])).toEqual([['flush', true]])
  })

  test('goes the same way where everything is answered at once', () => {
    const quick = stage('{ at: 10m, flush: true }', { lookSec: null, perform: () => ({ afterSec: null }) })
    expect(framed(quick)).toEqual(['look', 'look', 'end'])
    expect(quick.ends).toHaveLength(1)
  })
})

describe('any other step', () => {
  test('that outlives the plan keeps the run open until it has ended', () => {
    const slow = { perform: () => ({ afterSec: 300 }) }
    for (const action of ['restart: nova', 'keys.rotate: true', 'cutover: { to: fernet }']) {
      expect(stage(`{ at: 59m, ${action} }`, slow).ends).toEqual([expect.closeTo(3840, 6)])
    }
  })
})

describe('a step that waits for a measure', () => {
  const dual = '{ at: 10m, cutover: { to: dual-fernet, nodes: rolling, gap: 1m } }'
  const measured = '{ at: { after: no-uuid-token, for: 8m, latest: 50m }, cutover: { to: fernet } }'
  const whole = ({ events }: EngineStage) =>
    events
      .filter(({ event, to }) => event === 'cutover' && to === 'fernet')
      .map(({ dueSec, note, ok }) => [Math.round(dueSec), note, ok])

  test('is done when no UUID token was accepted for that long', () => {
    // Four backends from 10 to 13 min; the last UUID token is accepted at 20 min.
    const quiet = stage(`${dual}, ${measured}`, { uuidSeenSec: (nowSec) => Math.min(nowSec, 1200) })
    expect(whole(quiet)).toEqual([[1680, 'no UUID token since 20m; 4 backends', true]])
  })

  test('counts from when the last backend ceased to issue UUID tokens, even if none was ever seen', () => {
    const idle = stage(`${dual}, ${measured}`)
    expect(whole(idle)).toEqual([[781 + 480, 'no UUID token since 13m1s; 4 backends', true]])
  })

  test('is done at its latest instant if the measure does not come, and says so', () => {
    const busy = stage(`${dual}, ${measured}`, { uuidSeenSec: (nowSec) => nowSec })
    expect(whole(busy)).toEqual([[3000, 'not measured by 50m, so done at the latest time; 4 backends', true]])
    const early = stage(measured, { uuidSeenSec: () => null })
    expect(whole(early)[0]?.[0]).toBe(3000)
  })

  test('begins to count anew when backends issue UUID tokens again', () => {
    const back = '{ at: 15m, cutover: { to: uuid } }, { at: 20m, cutover: { to: dual-fernet } }'
    const again = stage(`${dual}, ${back}, ${measured}`)
    expect(whole(again)[0]?.[0]).toBe(1200 + 1 + 480)
  })

  test('is done when the last row of the table has expired', () => {
    const expired = '{ at: { after: last-uuid-expired, latest: 50m }, cutover: { to: fernet } }'
    const rows = stage(`${dual}, ${expired}`, { lastExpiry: () => ({ atSec: 2222 }) })
    expect(whole(rows)).toEqual([[2222, 'the last UUID token expired by 37m2s; 4 backends', true]])
    const empty = stage(`${dual}, ${expired}`, { lastExpiry: () => ({ atSec: null }) })
    expect(whole(empty)[0]?.[0]).toBe(781)
    const unknown = stage(`${dual}, ${expired}`, { lastExpiry: () => null })
    expect(whole(unknown)[0]?.[0]).toBe(3000)
  })

  test('is never done once the run was stopped', () => {
    const stopped = new EngineStage({ scenario: scenario(`timeline: [${dual}, ${measured}]`) })
    stopped.at(1000, () => stopped.engine.stop())
    stopped.run()
    expect(whole(stopped)).toEqual([])
  })
})

describe('a step that waits for the operator', () => {
  const manual = (what: string): string => `{ at: { after: operator, latest: 50m }, ${what} }`
  const timeline = `timeline: [${manual('cutover: { to: fernet }')}, ${manual('restart: heat')}, { at: { after: previous-step, for: 1m }, flush: true }]`
  const asked = (play: (staged: EngineStage) => void): EngineStage => {
    const staged = new EngineStage({ scenario: scenario(timeline) })
    play(staged)
    return staged.run()
  }
  const wholes = ({ events }: EngineStage) =>
    events
      .filter(({ node }) => node === undefined)
      .map(({ label, dueSec, note }) => [label, Math.round(dueSec), note])

  test('is done when it is asked for, once, and the record says when and by whom', () => {
    const answers: boolean[] = []
    const staged = asked((each) => {
      each.at(700, () => {
        expect(each.engine.manualSteps()).toEqual([
          { number: 1, label: 'switch to fernet', latestSec: 3000 },
          { number: 2, label: 'restart heat', latestSec: 3000 },
        ])
        answers.push(each.engine.trigger(2), each.engine.trigger(2), each.engine.trigger(3))
      })
      each.at(1200, () => answers.push(each.engine.trigger(1)))
      each.at(1300, () => expect(each.engine.manualSteps()).toEqual([]))
    })
    expect(answers).toEqual([true, false, false, true])
    expect(wholes(staged)).toEqual([
      ['restart heat', 700, 'asked for by the operator; 3 workers and 4 members restarted'],
      ['token_flush', 761, expect.any(String)],
      ['switch to fernet', 1200, 'asked for by the operator; 4 backends'],
    ])
  })

  test('is done at its latest instant where nobody asks, and says so', () => {
    const note = 'nobody asked for it by 50m, so done at the latest time'
    expect(wholes(asked(() => {})).slice(0, 2)).toEqual([
      ['switch to fernet', 3000, expect.stringContaining(note)],
      ['restart heat', 3000, expect.stringContaining(note)],
    ])
  })

  test('cannot be asked for once the run was stopped', () => {
    const staged = asked((each) =>
      each.at(1000, () => {
        each.engine.stop()
        expect(each.engine.manualSteps()).toEqual([])
        expect(each.engine.trigger(1)).toBe(false)
      }),
    )
    expect(wholes(staged)).toEqual([])
  })
})

describe('a step that follows the one above it', () => {
  const rolling = '{ at: 10m, cutover: { to: fernet, nodes: rolling, gap: 1m } }'

  test('is due so long after that has ended, its last backend included', () => {
    const { events } = stage(`${rolling}, { at: { after: previous-step, for: 5m }, restart: heat }`, {
      perform: () => ({ afterSec: 10 }),
    })
    expect(events.find(({ event }) => event === 'restart')?.dueSec).toBeCloseTo(790 + 300, 6)
  })

  test('and flushes, deletes what has expired by then, not by when the step before it was written for', () => {
    const flushed: number[] = []
    const { events } = stage(`${rolling}, { at: { after: previous-step, for: 5m }, flush: true }`, {
      perform: ({ action, atSec }) => {
        if (action.kind === 'flush') flushed.push(atSec)
        return { afterSec: 10 }
      },
    })
    expect(flushed).toEqual([expect.closeTo(790 + 300, 6)])
    expect(events.at(-1)?.dueSec).toBe(flushed[0])
  })

  test('follows a step that waits, and each of several restarts follows the one before', () => {
    const end = '{ at: { after: no-uuid-token, for: 6m, latest: 50m }, cutover: { to: fernet } }'
    const plan = '{ at: { after: previous-step }, restart: { targets: [nova, heat], gap: 30s } }'
    const { events } = stage(`{ at: 10m, cutover: { to: dual-fernet } }, ${end}, ${plan}`)
    const restarts = events.filter(({ event }) => event === 'restart')
    expect(restarts.map(({ target, dueSec }) => [target, Math.round(dueSec)])).toEqual([
      ['nova', 601 + 360 + 1],
      ['heat', 601 + 360 + 1 + 1 + 30],
    ])
  })

  test('follows a step that failed, too', () => {
    const { events } = stage(`${rolling}, { at: { after: previous-step }, flush: all }`, {
      perform: ({ action }) => ({ ok: action.kind !== 'cutover' }),
    })
    expect(events.at(-1)).toMatchObject({ event: 'flush', label: 'flush of all rows', ok: true })
  })
})

describe('a run that is stopped in the middle of a rolling switch', () => {
  const stopped = new EngineStage({
    scenario: scenario('timeline: [{ at: 10m, cutover: { to: fernet, nodes: rolling, gap: 60s } }]'),
  })
  stopped.at(630, () => stopped.engine.stop())
  stopped.run()

  test('leaves the backends that are not yet due as they are, and ends', () => {
    expect(stopped.events.map(({ event }) => event)).toEqual(['cutover node 1'])
    expect(stopped.ends).toEqual([expect.closeTo(630, 0)])
  })
})

describe('steps', () => {
  test('that recur are applied at their period and told apart from those that were written', () => {
    const recurring = new EngineStage({
      scenario: scenario('timeline: [{ at: 10m, flush: true }]').replace(
        'expiration: 24h',
        'expiration: 24h, flush: 20m, keys: { rotation: 25m, distribute_after: 1m }',
      ),
    }).run()
    expect(
      recurring.events
        .map(({ event, origin, dueSec }) => [event, origin, dueSec / 60])
        .sort((a, b) => Number(a[2]) - Number(b[2])),
    ).toEqual([
      ['flush', 'scenario', 10],
      ['flush', 'clock', 20],
      ['keys.rotate', 'clock', 25],
      ['keys.distribute', 'clock', 26],
      ['flush', 'clock', 40],
      ['keys.rotate', 'clock', 50],
      ['keys.distribute', 'clock', 51],
    ])
  })

  test('have a sentence for a chart’s legend each', () => {
    const labelOf = (action: Parameters<typeof stepLabel>[0]['action']): string =>
      stepLabel({ atSec: 0, origin: 'scenario', action })
    expect([
      labelOf({ kind: 'cutover', to: 'dual-uuid', nodes: 'all', rollingGapSec: null, outage: null }),
      labelOf({ kind: 'restart', target: 'magnum' }),
      labelOf({ kind: 'keys.rotate' }),
      labelOf({ kind: 'keys.distribute', nodes: 'all' }),
      labelOf({ kind: 'flush' }),
      labelOf({ kind: 'flush', everything: true }),
      labelOf({ kind: 'expiration', expirationSec: 3600 }),
    ]).toEqual([
      'switch to dual-uuid',
      'restart magnum',
      'rotate keys',
      'distribute keys',
      'token_flush',
      'flush of all rows',
      'tokens valid 1h',
    ])
  })
})
