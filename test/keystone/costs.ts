// npm run bench:costs:keystone: Debian's Keystone is profiled, then put under open loops; measured times beside those predicted.
// `-- --json` prints data, `-- --cached` lets Keystone keep its facts in memory.
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { watchStalls } from '../../src/bench/costs/closedLoop.js'
import type { OpenLoad, ResponsesByOp } from '../../src/bench/costs/openLoop.js'
import { drawTable } from '../../src/render/columns.js'
import { renderProfile } from '../../src/render/costProfile.js'
import { cachedConf } from './keystonePair.js'
import { measureOpenLoop, predict, profileOf, rateFor } from './predicted.js'
import { RealKeystone, type KeystoneConf } from './realKeystone.js'

const cached = process.argv.includes('--cached')
const json = process.argv.includes('--json')
const say = (text: string): void => {
  process.stderr.write(`${text}\n`)
}

/** How busy the workers are to be. */
const busy = [0.3, 0.6]
const issueShare = 0.1
const openSeconds = 40
const words = ['--seconds', '6', '--clients', '1,2,4,8']

const folder = mkdtempSync(path.join(tmpdir(), 'cutover-costs-keystone-'))
try {
  // A quick hash, so that an open loop of less than a minute has issues enough for a 95 % point.
  const conf: KeystoneConf = {
    ...(cached ? cachedConf : {}),
    identity: { password_hash_algorithm: 'bcrypt', password_hash_rounds: 4 },
  }
  const keystone = await RealKeystone.create({ folder, workers: 2, conf })
  await keystone.start()
  const stalls = watchStalls()
  try {
    say(`cutover profile of Debian's Keystone${cached ? ', its facts in memory' : ''} …`)
    const file = path.join(folder, 'profile.json')
    const profile = await profileOf(keystone, { main: path.resolve('dist/main.js'), file, words })
    const loads = busy.map((share, i): OpenLoad => {
      const perSec = rateFor(profile, share, issueShare)
      return { perSec, seconds: openSeconds, issueShare, seed: i + 1 }
    })
    const measured: ResponsesByOp[] = []
    for (const [i, load] of loads.entries()) {
      say(`open loop of ${load.perSec.toFixed(1)} requests/s, workers busy for ${(busy[i] ?? 0) * 100} % …`)
      measured.push(await measureOpenLoop(keystone, load))
    }
    const stalledMs = Math.round(stalls.end())
    await keystone.stop()
    say('the same arrivals in both worlds, with that profile …')
    const predicted = await predict(profile, loads, { folder, dist: path.resolve('dist') })
    const rows = loads.flatMap((load, i) =>
      (['validate', 'issue'] as const).flatMap((op) =>
        (['p50Ms', 'p95Ms'] as const).map((figure) => {
          const real = measured[i]?.[op][figure] ?? Number.NaN
          return {
            name: `${op} ${figure.slice(0, 3)}, ${load.perSec.toFixed(1)} requests/s (busy ${(busy[i] ?? 0) * 100} %)`,
            unit: 'ms',
            measured: real,
            count: measured[i]?.[op].count ?? 0,
            simulated: predicted[i]?.simulated[op][figure] ?? Number.NaN,
            local: predicted[i]?.local[op][figure] ?? Number.NaN,
          }
        }),
      ),
    )
    if (json) process.stdout.write(`${JSON.stringify({ profile, stalledMs, rows }, null, 2)}\n`)
    else {
      const ms = (value: number): string => value.toFixed(value < 100 ? 1 : 0)
      const beside = (value: number, real: number): string => `${ms(value)} (${(value / real).toFixed(2)})`
      const lines = drawTable(
        ['measured ms', 'simulated', 'local', 'requests', 'open loop'],
        rows.map(({ name, measured: real, simulated, local, count }) =>
          [ms(real), beside(simulated, real), beside(local, real), String(count), name].map((text) => ({
            text,
          })),
        ),
        { width: 120, left: [4], paintHead: (text) => text },
      )
      process.stdout.write(
        `${renderProfile(profile, 110)}\nResponse times from when a request was due; in brackets predicted / measured\n${lines.join('\n')}\n` +
          `While Keystone was measured this machine stood still for ${stalledMs} ms; what is measured holds that, what is predicted does not.\n`,
      )
    }
  } finally {
    stalls.end()
    await keystone.stop()
  }
} finally {
  rmSync(folder, { recursive: true, force: true })
}
