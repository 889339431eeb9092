// Tells an answer that is there from one that is still to come.
// It exists because a simulation must not pay for promises that only a database needs.
import type { MaybePromise } from './store.js'

export const isPromise = <T>(value: MaybePromise<T>): value is Promise<T> =>
  typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
