// Operations that outlast a token's good days: an upload or a snapshot whose token is looked at when it begins and when it ends.
// What dies in between costs the whole work, and who can renew the token then decides whether it is lost.
import { authenticate, isToken } from '../authenticate.js'
import type { CallContext, HeldToken, Steps } from '../exchange.js'
import type { Behaviour, Member } from '../member.js'
import { answerOf, callOne } from '../serviceCall.js'
import { bearer } from '../session.js'

/** Begins at the first service of `through`; the end is looked at by the last. Returns whether the end was let through. */
function* operate(
  member: Member,
  token: HeldToken,
  context: CallContext,
  renewed: () => Steps<HeldToken | null>,
): Steps<void> {
  const first = member.services[0]
  const last = member.services.at(-1)
  if (first === undefined || last === undefined) return
  const worker = member.random.int(first.workerCount)
  const begun = answerOf(yield* first.judge(token, member.className, worker, context), token, context)
  if (begun.status === 401) member.token = null
  if (begun.status !== 200) return
  yield { kind: 'pause', seconds: member.lastsSec, leftAtEnd: true }
  context.startsAnew()
  const along = yield* first.serviceToken(worker, context)
  const ended = yield* callOne(member, last, token, context, along)
  answerOf(ended, token, context)
  if (ended.status !== 401) return
  const other = yield* renewed()
  if (other !== null) answerOf(yield* callOne(member, last, other, context, along), other, context)
}

const session: Pick<Behaviour, 'restart' | 'startsWithToken' | 'severalSteps'> = {
  restart: (member) => {
    member.token = null
  },
  startsWithToken: true,
  severalSteps: true,
}

/**
 * A long operation with the user's token alone: an upload to Swift, a snapshot that Nova stores. The service at its end cannot
 * renew it. With `service_tokens` an expired token is let through (`allow_expired`, Keystone Ocata, keystonemiddleware
 * 4.12), one that died otherwise is not. Sources: `auth_token/__init__.py` (`_fetch_token … allow_expired`), the spec
 * "allow expired tokens" of Keystone's Ocata.
 */
export const longOperation: Behaviour = {
  ...session,
  *call(member, context) {
    const token = yield* bearer({ name: member.className, session: member }, context)
    if (isToken(token)) yield* operate(member, token, context, withoutRenewal)
  },
  identity: 'user',
}

// oxlint-disable-next-line require-yield -- nobody is asked
function* withoutRenewal(): Steps<null> {
  return null
}

/**
 * An upload to Glance v2: it makes a trust from the user to itself when the upload begins, and on a 401 at the end gets a new
 * token by that and tries once more (`glance/common/trust_auth.py`, `TokenRefresher`).
 */
export const glanceUpload: Behaviour = {
  ...session,
  *call(member, context) {
    const { className, credentials } = member
    const token = yield* bearer({ name: className, session: member }, context)
    if (!isToken(token)) return
    yield* operate(member, token, context, function* () {
      const got = yield* authenticate(className, credentials, context)
      return isToken(got) ? got : null
    })
  },
  identity: 'own-trustee',
}
