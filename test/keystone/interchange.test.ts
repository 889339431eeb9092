// A real Keystone and our service on one key repository: what either issues the other reads, and says the same of it.
// Exists to start the two once for all that is asked of them: scopes, keys, states.
import { afterAll, beforeAll, jest } from '@jest/globals'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { describeKeys } from './keys.js'
import { adminToken } from './keystoneCloud.js'
import { startKeystonePair } from './keystonePair.js'
import { describeScopes } from './scopes.js'
import { Sides } from './sides.js'
import { describeStates, residentsForStates } from './states.js'

// A Keystone takes its time, the more so beside others on the same machine.
jest.setTimeout(600_000)

const folder = mkdtempSync(path.join(tmpdir(), 'cutover-keystone-'))
const maxActiveKeys = 4
const at = new Sides()

beforeAll(async () => {
  const pair = await startKeystonePair({
    folder,
    main: path.resolve('dist/main.js'),
    passwordHash: { scheme: 'pbkdf2_sha512', rounds: 1000 },
    maxActiveKeys,
    // Not as Debian ships it, but five times quicker.
    cached: true,
    residents: residentsForStates,
  })
  at.begin(pair, (await adminToken(pair.keystone)).id)
})

afterAll(async () => {
  await at.pair.stop()
  rmSync(folder, { recursive: true, force: true })
})

describeScopes(at)
describeKeys(at, maxActiveKeys)
describeStates(at)
