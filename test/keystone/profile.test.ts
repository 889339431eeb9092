// Debian's Keystone, profiled by the built program in small loops, and asked whether the profile predicts an open loop.
// It exists so that `cutover profile` is tried where it is used; how near it comes is measured by npm run bench:costs:keystone.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { afterAll, beforeAll, expect, jest, test } from '@jest/globals'
import { measureOpenLoop, predict, profileOf, rateFor } from './predicted.js'
import { RealKeystone } from './realKeystone.js'

jest.setTimeout(600_000)

const folder = mkdtempSync(path.join(tmpdir(), 'cutover-profile-'))
let keystone: RealKeystone

beforeAll(async () => {
  keystone = await RealKeystone.create({ folder, workers: 2 })
  await keystone.start()
})

afterAll(async () => {
  await keystone.stop()
  rmSync(folder, { recursive: true, force: true })
})

test('its profile predicts the order of its response times under an open loop', async () => {
  const file = path.join(folder, 'profile.json')
  const words = ['--seconds', '4', '--clients', '1,4']
  const profile = await profileOf(keystone, { main: path.resolve('dist/main.js'), file, words })
  expect(profile.rows.map(({ op, provider, cache }) => `${op} ${provider} ${cache}`)).toEqual([
    'validate fernet none',
    'issue fernet none',
  ])
  expect(JSON.stringify(profile)).not.toContain(keystone.adminPassword)
  const validate = profile.rows[0]
  // A token that it cannot read is refused sooner than one that it can.
  expect(validate?.refused?.notFound).toBeLessThan(1)
  expect(validate?.refused?.unauthorized).toBeLessThan(0.5)
  const load = { perSec: rateFor(profile, 0.3, 0.1), seconds: 15, issueShare: 0.1, seed: 1 }
  const measured = await measureOpenLoop(keystone, load)
  const [predicted] = await predict(profile, [load], { folder, dist: path.resolve('dist') })
  for (const world of ['simulated', 'local'] as const) {
    const ratio = (predicted?.[world].validate.p50Ms ?? 0) / measured.validate.p50Ms
    expect({ world, near: ratio > 0.5 && ratio < 2 }).toEqual({ world, near: true })
  }
})
