// What can be done with a path: one operation a method, and the check of the caller's token before it.
// It exists apart from the routes so that resources can be described without knowing where they are mounted.
import type { Context } from './context.js'
import { refusals } from './errors.js'
import { replyRefusal } from './exchange.js'
import type { Reply, Request } from './exchange.js'
import { callerOf } from './policy.js'
import type { IdentityCase } from './questions.js'
import { refusalOf } from './tokenCheck.js'
import type { GoodToken } from './tokenCheck.js'

/** Answers at once if it has nothing to ask. */
export type Operation = (context: Context, request: Request) => Reply | IdentityCase<Reply>

/** What can be done with a path, by method. HEAD is GET unless it stands here itself. */
export type Operations = Readonly<
  Partial<Record<'GET' | 'HEAD' | 'POST' | 'PUT' | 'PATCH' | 'DELETE', Operation>>
>

/** The operations of the path whose parts after `/v3/NAME` are given; null: there is no such path. */
export type Resource = (rest: readonly string[]) => Operations | null

/** An operation of somebody who has shown a good token. */
export type CallersOperation = (
  context: Context,
  request: Request,
  caller: GoodToken,
) => Reply | IdentityCase<Reply>

/** An operation for whoever has a good token; others get 401, or what `refusalOf` says. */
export const withCaller = (operation: CallersOperation): Operation =>
  function* (context, request) {
    const caller = yield* callerOf(context, request)
    if (caller === null) return replyRefusal(context, refusals.unauthorized())
    if (!caller.good) return replyRefusal(context, refusalOf(caller, 'auth'), { refused: 'auth' })
    const answer = operation(context, request, caller)
    return 'status' in answer ? answer : yield* answer
  }
