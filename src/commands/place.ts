// The options that say where and how a scenario is run: `--world`, `--store`, `--seed` and `--speed`.
// They exist once, so that every verb that runs something reads and refuses them alike.
import { InputError } from '../base/errors.js'
import { parseStoreChoice, type StoreChoice } from '../io/store/open.js'
import type { ScenarioOverrides } from '../scenario/parse.js'
import type { WorldName } from '../worlds/world.js'
import type { OptionReader } from './optionReader.js'

const worlds: readonly WorldName[] = ['local', 'simulated', 'external']

/** @param allowed the worlds in which the verb can run something */
const readWorld = (text: string, allowed: readonly WorldName[] = worlds): WorldName => {
  const world = worlds.find((each) => each === text)
  if (world !== undefined && allowed.includes(world)) return world
  const message =
    world === undefined ? `there is no world ${text}` : `nothing is done here in the world ${text}`
  const remedy = `${allowed.slice(0, -1).join(', ')} or ${allowed.at(-1)}`
  throw new InputError([{ path: '--world', message, remedy }])
}

const readStore = (text: string | undefined, world: WorldName): StoreChoice => {
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

/** Where it is run. Of a world that is none, nothing can be said of a store but whether it is one. */
export const readPlace = (
  reader: OptionReader,
  { world: worldText, store: storeText }: { readonly world: string; readonly store?: string },
  allowed?: readonly WorldName[],
): { readonly world: WorldName | undefined; readonly store: StoreChoice | undefined } => {
  const world = reader.attempt(() => readWorld(worldText, allowed))
  if (world !== undefined) return { world, store: reader.attempt(() => readStore(storeText, world)) }
  if (storeText !== undefined) reader.attempt(() => parseStoreChoice(storeText))
  return { world, store: undefined }
}

/** What stands in for what the file of a scenario says. */
export const readOverrides = (
  reader: OptionReader,
  { seed: seedText, speed: speedText }: { readonly seed?: string; readonly speed?: string },
): ScenarioOverrides => {
  const seed = reader.seed(seedText)
  const speed = Number(speedText)
  if (speedText === undefined) return seed === undefined ? {} : { seed }
  if (!(/^[\d.]+$/.test(speedText) && Number.isFinite(speed) && speed > 0)) {
    const message = `${JSON.stringify(speedText)} is no speed`
    reader.add({ path: '--speed', message, remedy: 'give a number above zero, such as 60' })
    return {}
  }
  return { speed, ...(seed === undefined ? {} : { seed }) }
}
