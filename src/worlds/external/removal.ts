// What was made at a given Keystone, taken away again: by its id while the run knows it, by prefix and mark when it was killed.
// It exists so that a target that is slow, restarting or busy is asked more than once before something is left there.
import { wordsOf, type KeystoneApi } from '../../io/keystoneApi.js'
import { WorldError } from '../../base/errors.js'
import { setTimeout as wait } from 'node:timers/promises'
import type { People } from '../../scenario/external.js'
import { eachOf } from './eachOf.js'

/** What stands in the description of everything that is made, beside the prefix of its name. */
export const mark = 'made by keystone-cutover for a rehearsal; may be removed when that has ended'

type MadeKind = 'user' | 'project' | 'trust'

/** Something that was made, or was found to have been. */
export interface Made {
  readonly kind: MadeKind
  readonly id: string
  readonly name: string
  /** Of a trust: who may delete it. */
  readonly trustor?: { readonly userId: string; readonly projectId: string }
}

/** Something that could not be removed, and why. */
export interface Left {
  readonly made: Made
  readonly reason: string
}

/** How often all that is left is tried again, and how long after: a database that is locked is free a little later. */
const passesMost = 4
const passWaitMs = 1000

/** Somebody with a role on a project. */
export interface Person {
  readonly userId: string
  readonly projectId: string
  readonly password: string
}

const pathOf = ({ kind, id }: Made): string =>
  kind === 'trust' ? `/OS-TRUST/trusts/${id}` : `/${kind}s/${id}`

export const idIn = (body: Readonly<Record<string, unknown>>, key: string): string =>
  String((body[key] as { readonly id?: unknown } | undefined)?.id)

export const listIn = (
  body: Readonly<Record<string, unknown>> | null,
  key: string,
): readonly Readonly<Record<string, unknown>>[] => {
  const list = body?.[key]
  return Array.isArray(list) ? (list as Readonly<Record<string, unknown>>[]) : []
}

/** As a person, with its password: `raw` needs a token of its own. */
export const loginAs = async (api: KeystoneApi, { userId, projectId, password }: Person): Promise<string> => {
  const identity = { methods: ['password'], password: { user: { id: userId, password } } }
  const answer = await api.raw(
    'POST',
    '/auth/tokens',
    { auth: { identity, scope: { project: { id: projectId } } } },
    null,
  )
  if (answer.token === null) throw new WorldError(`no login as user ${userId}: ${wordsOf(answer)}`)
  return answer.token
}

/** Removes one thing; gone already is as good. Returns why it could not be; null: it is gone. */
const removeOne = async (api: KeystoneApi, made: Made, password: string): Promise<string | null> => {
  try {
    const answer =
      made.trustor === undefined
        ? await api.call('DELETE', pathOf(made))
        : await api.raw('DELETE', pathOf(made), undefined, await loginAs(api, { ...made.trustor, password }))
    return answer.status < 300 || answer.status === 404 ? null : wordsOf(answer)
  } catch (error) {
    return error instanceof Error ? error.message : String(error)
  }
}

/**
 * Removes all of a list, the first time a few at once, then what is left one after the other.
 * @param password of the trustors, without whom no trust can be deleted
 */
export const removeAll = async (
  api: KeystoneApi,
  list: readonly Made[],
  password: string,
  onRemoved: (made: Made) => void,
): Promise<readonly Left[]> => {
  let todo = list
  let left: Left[] = []
  for (let pass = 1; pass <= passesMost && todo.length > 0; pass++) {
    if (pass > 1) await wait(passWaitMs)
    left = []
    // A trust hangs on its trustor, a user's role on a project: in this order nothing is missed.
    for (const kind of ['trust', 'user', 'project'] as const) {
      const all = todo.filter((made) => made.kind === kind)
      const remove = async (i: number): Promise<void> => {
        const made = all[i] as Made
        const reason = await removeOne(api, made, password)
        if (reason === null) onRemoved(made)
        else left.push({ made, reason })
      }
      if (pass === 1) await eachOf(all.length, remove)
      else for (let i = 0; i < all.length; i++) await remove(i)
    }
    todo = left.map(({ made }) => made)
  }
  return left
}

/** What runs with this prefix have made and not removed: its name begins with the prefix, and its description is the mark. */
export const findLeftovers = async (
  api: KeystoneApi,
  { prefix, domainId }: Pick<Extract<People, { kind: 'made' }>, 'prefix' | 'domainId'>,
): Promise<readonly Made[]> => {
  const found: Made[] = []
  for (const kind of ['user', 'project'] as const) {
    const query = `domain_id=${encodeURIComponent(domainId)}&name__startswith=${encodeURIComponent(prefix)}`
    const body = await api.must('GET', `/${kind}s?${query}`, `the ${kind}s of the target cannot be listed`)
    for (const { id, name, description } of listIn(body, `${kind}s`)) {
      if (typeof name === 'string' && name.startsWith(prefix) && description === mark)
        found.push({ kind, id: String(id), name })
    }
  }
  return found
}
