// node predict.js PROFILE LOADS: what a cost profile predicts for open loops, in both worlds, as JSON.
// A program of its own, since the local world needs the built modules, and whoever measures a Keystone runs the sources.
import { readFileSync } from 'node:fs'
import { parseCostFile } from '../../scenario/costs/costFile.js'
import { predictOpenLoop, type OpenLoad } from './openLoop.js'

const [file = '', loads = '[]'] = process.argv.slice(2)
const profile = parseCostFile({ file, text: readFileSync(file, 'utf8') })
const predicted = []
for (const load of JSON.parse(loads) as readonly OpenLoad[]) {
  const order = { profile, release: 'zed', load } as const
  predicted.push({
    simulated: await predictOpenLoop({ world: 'simulated', ...order }),
    local: await predictOpenLoop({ world: 'local', ...order }),
  })
}
process.stdout.write(`${JSON.stringify(predicted)}\n`)
