// Asking a real Keystone and our service the same, and what they must agree on.
// Exists so that the tests of scopes, keys and states share one pair and one way to compare.
import { expect } from '@jest/globals'
import { comparable } from './comparable.js'
import type { Answer, IdentityApi } from './identityApi.js'
import { byPassword, byToken } from './identityApi.js'
import type { KeystonePair } from './keystonePair.js'

export type Side = 'keystone' | 'ours'
export const sides: readonly Side[] = ['keystone', 'ours']
export const otherOf = (side: Side): Side => (side === 'ours' ? 'keystone' : 'ours')

/** The pair of a test file, there when its tests run. */
export class Sides {
  private started: { readonly pair: KeystonePair; admin: string } | null = null

  begin(pair: KeystonePair, admin: string): void {
    this.started = { pair, admin }
  }

  get pair(): KeystonePair {
    return this.now.pair
  }

  /** A token of the administrator's, issued by Keystone: both accept it. */
  get admin(): string {
    return this.now.admin
  }

  set admin(id: string) {
    this.now.admin = id
  }

  api(side: Side): IdentityApi {
    return this.pair.apis[side]
  }

  /** The same question to both. */
  async both(ask: (api: IdentityApi) => Promise<Answer>): Promise<Record<Side, Answer>> {
    return { keystone: await ask(this.api('keystone')), ours: await ask(this.api('ours')) }
  }

  /** The same question to both, who must give the same answer in all that may be compared. Gives Keystone's. */
  async agree(ask: (api: IdentityApi) => Promise<Answer>): Promise<Answer> {
    const { keystone, ours } = await this.both(ask)
    expect(comparable(ours)).toEqual(comparable(keystone))
    return keystone
  }

  /**
   * What both say of a token in each of its places: as subject, as caller who asks about itself, and given for another.
   * Only an answer with a new token is not compared beyond its status.
   */
  async statuses(token: string): Promise<readonly [subject: number, caller: number, exchanged: number]> {
    const subject = await this.agree((api) => api.validate({ auth: this.admin, subject: token }))
    const caller = await this.agree((api) => api.validate({ auth: token, subject: token }))
    const exchanged = await this.both((api) => api.authenticate(byToken(token), 'unscoped'))
    if (exchanged.keystone.status !== 201)
      expect(comparable(exchanged.ours)).toEqual(comparable(exchanged.keystone))
    expect(exchanged.ours.status).toBe(exchanged.keystone.status)
    return [subject.status, caller.status, exchanged.keystone.status]
  }

  /** Method `password`, for a user whose password the cloud's maker knows. */
  password(userId: string): unknown {
    return byPassword(userId, this.pair.cloud.secrets.get(userId) ?? '')
  }

  /** Method `application_credential`. */
  credential(id: string | null): unknown {
    return {
      methods: ['application_credential'],
      application_credential: { id, secret: this.pair.cloud.secrets.get(id ?? '') },
    }
  }

  private get now(): { readonly pair: KeystonePair; admin: string } {
    if (this.started === null) throw new Error('the pair has not been started')
    return this.started
  }
}
