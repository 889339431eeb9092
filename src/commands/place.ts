// The options that say where a scenario is run: `--world` and `--store`.
// They exist once, so that every verb that runs something reads and refuses them alike.
import { InputError } from '../base/errors.js'
import { parseStoreChoice, type StoreChoice } from '../io/store/open.js'
import type { WorldName } from '../worlds/world.js'

export const readWorld = (text: string): WorldName => {
  if (text === 'local' || text === 'simulated') return text
  throw new InputError([
    { path: '--world', message: `there is no world ${text}`, remedy: 'local or simulated' },
  ])
}

export const readStore = (text: string | undefined, world: WorldName): StoreChoice => {
  if (text === undefined) return world === 'simulated' ? { kind: 'memory' } : { kind: 'sqlite', file: null }
  const choice = parseStoreChoice(text)
  if ((choice.kind === 'memory') !== (world === 'simulated')) {
    const remedy = world === 'simulated' ? 'leave --store away' : 'use sqlite, mariadb or mysql://…'
    throw new InputError([
      { path: '--store', message: `the ${world} world cannot use the store ${choice.kind}`, remedy },
    ])
  }
  return choice
}
