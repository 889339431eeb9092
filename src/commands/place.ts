// The options that say where a scenario is run: `--world` and `--store`.
// They exist once, so that every verb that runs something reads and refuses them alike.
import { InputError } from '../base/errors.js'
import { parseStoreChoice, type StoreChoice } from '../io/store/open.js'
import type { WorldName } from '../worlds/world.js'

const worlds: readonly WorldName[] = ['local', 'simulated', 'external']

/** @param allowed the worlds in which the verb can run something */
export const readWorld = (text: string, allowed: readonly WorldName[] = worlds): WorldName => {
  const world = worlds.find((each) => each === text)
  if (world !== undefined && allowed.includes(world)) return world
  const message =
    world === undefined ? `there is no world ${text}` : `nothing is done here in the world ${text}`
  const remedy = `${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}`
  throw new InputError([{ path: '--world', message, remedy }])
}

export const readStore = (text: string | undefined, world: WorldName): StoreChoice => {
  if (world === 'external') {
    // Whatever the target keeps its tokens in is its own; nothing of ours is stored.
    if (text === undefined) return { kind: 'memory' }
    const message = 'a given Keystone has a store of its own'
    throw new InputError([
      { path: '--store', message, remedy: 'leave it away; --table-dsn lets it be counted' },
    ])
  }
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
