// What the holder of a refused token infers, and what is said when the server's word is another.
// Backends, keys and steps are played; which cause is right follows from the definitions of the causes.
import { describe, expect, test } from '@jest/globals'
import { micros, type Micros } from '../../src/base/time.js'
import type { HeldToken } from '../../src/clients/exchange.js'
import type { Cause } from '../../src/measure/sample.js'
import { Forensics } from '../../src/rehearsal/forensics.js'
import type { Control, StepResult } from '../../src/rehearsal/ports.js'
import { parseScenario } from '../../src/scenario/parse.js'
import type { StepAction } from '../../src/scenario/scenario.js'

const { scenario } = parseScenario({
  file: 'test.yaml',
  text: `name: two-backends
duration: 2h
identity: { provider: uuid, backends: 2, expiration: 1h }
clients: { users: { behaviour: one-shot, members: 1, every: 1m } }
`,
  checkGate: () => [],
})

const uuid: HeldToken = { id: 'aa', format: 'uuid', expiresAtSec: 4000 }
const fernet: HeldToken = { id: 'sealed-with-k2', format: 'fernet', expiresAtSec: 4000 }

/** Two backends with key k1, an operator who applies steps, and refusals that are looked into. */
class Stage {
  nowSec = 1000
  readonly keys: (readonly string[] | null)[] = [['k1'], ['k1']]
  private finish: (() => void) | null = null
  private readonly forensics = new Forensics({
    scenario,
    clock: {
      now: () => micros(this.nowSec),
      measured: () => micros(this.nowSec),
      measuredAt: (when) => when,
      at: () => {},
    },
    evidence: {
      keysOn: (node) => this.keys[node - 1] ?? null,
      sealedWith: (token) => /-(k\d)$/.exec(token)?.[1] ?? null,
    },
  })
  private readonly control: Control = this.forensics.watch({
    table: (done) => done(null),
    lastExpiry: (done) => done(null),
    apply: (_step, _node, done) => {
      this.finish = () => done({ ok: true, note: '' } satisfies StepResult)
    },
  })

  /** Begins a step, and ends it unless it is to be left under way. */
  step(action: StepAction, node: number | null = null, underWay = false): void {
    this.control.apply({ atSec: this.nowSec, action, origin: 'scenario' }, node, () => {})
    if (!underWay) this.finish?.()
  }

  cutover(node: number): void {
    this.step({ kind: 'cutover', to: 'fernet', nodes: 'all', rollingGapSec: null, outage: null }, node)
  }

  judge(token: HeldToken, node: number, said: Cause, tookSec = 0.001) {
    const done = micros(this.nowSec)
    return this.forensics.judge(token, node, said, (done - tookSec * 1e6) as Micros, done)
  }
}

describe('the format of a token and the mode of a backend', () => {
  test('give the cause, before a switch and after it', () => {
    const stage = new Stage()
    expect(stage.judge(fernet, 1, 'fernet-on-uuid-node').verdict).toBe('agrees')
    stage.cutover(1)
    stage.nowSec += 10
    expect(stage.judge(uuid, 1, 'uuid-on-fernet-node').verdict).toBe('agrees')
    expect(stage.judge(uuid, 2, 'uuid-on-fernet-node')).toMatchObject({
      verdict: 'disagrees',
      inferred: null,
    })
    expect(stage.judge(fernet, 2, 'key-not-distributed')).toMatchObject({
      verdict: 'disagrees',
      inferred: 'fernet-on-uuid-node',
    })
  })

  test('may be either while a switch was made, and cannot be told while it is', () => {
    const stage = new Stage()
    stage.cutover(1)
    // Sent a second before the switch, answered a moment after it.
    stage.nowSec += 0.1
    for (const cause of ['fernet-on-uuid-node', 'key-not-distributed'] as const)
      expect(stage.judge(fernet, 1, cause, 1).verdict).toBe('agrees')
    stage.step({ kind: 'keys.distribute', nodes: 'all' }, null, true)
    expect(stage.judge(fernet, 1, 'key-not-distributed').verdict).toBe('undecided')
  })
})

describe('the key of a token', () => {
  test('has not arrived, or is gone again', () => {
    const stage = new Stage()
    stage.cutover(1)
    stage.nowSec += 10
    expect(stage.judge(fernet, 1, 'key-not-distributed')).toMatchObject({ keyId: 'k2', verdict: 'agrees' })
    stage.keys[0] = ['k1', 'k2']
    stage.step({ kind: 'keys.distribute', nodes: [1] })
    stage.nowSec += 10
    expect(stage.judge(fernet, 1, 'key-not-distributed').verdict).toBe('disagrees')
    stage.keys[0] = ['k3']
    stage.step({ kind: 'keys.rotate' })
    stage.nowSec += 10
    expect(stage.judge(fernet, 1, 'key-rotated-away').verdict).toBe('agrees')
    expect(stage.judge(fernet, 1, 'key-not-distributed')).toMatchObject({
      inferred: 'key-rotated-away',
      verdict: 'disagrees',
    })
  })
})

describe('the end of a token', () => {
  test('has come by the clock of the backend, which may be wrong', () => {
    const stage = new Stage()
    expect(stage.judge(uuid, 2, 'expired').verdict).toBe('disagrees')
    const fault = { id: 1, kind: 'clock-skew', nodes: [2], forSec: null, skewSec: 3600 } as const
    stage.step({ kind: 'fault', fault })
    stage.nowSec += 10
    expect(stage.judge(uuid, 2, 'expired').verdict).toBe('agrees')
    expect(stage.judge(uuid, 1, 'expired').verdict).toBe('disagrees')
    stage.nowSec = 4001
    expect(stage.judge(uuid, 1, 'flushed').verdict).toBe('agrees')
  })
})

test('what a holder cannot see is left to the server', () => {
  expect(new Stage().judge(uuid, 1, 'revoked')).toMatchObject({ verdict: 'undecided', inferred: null })
})

test('the age of a token follows from its end and the validity', () => {
  const stage = new Stage()
  // Issued at 400 for an hour.
  expect(stage.judge(uuid, 1, 'revoked')).toMatchObject({ ageSec: 600, format: 'uuid', keyId: null, node: 1 })
})
