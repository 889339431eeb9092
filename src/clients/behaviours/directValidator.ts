// Somebody who validates other people's tokens at Keystone itself: an own proxy, a gateway, a service without auth_token.
// It has no cache, so it meets each dead token at once, and Keystone's own counts of 404 rise by it.
import type { ApiReply, HeldToken, Steps } from '../exchange.js'
import type { Behaviour, Member } from '../member.js'
import { request } from '../session.js'

/** Draws before it settles for its own token, where those that it looks at hold none just now. */
const drawsMax = 20

/** One of the tokens that others hold now, each as likely as any other. */
const drawSubject = (member: Member): { readonly of: Member; readonly token: HeldToken } | null => {
  const subjects = member.subjects()
  for (let draw = 0; draw < drawsMax && subjects.length > 0; draw++) {
    const of = member.random.pick(subjects)
    if (of.token !== null) return { of, token: of.token }
  }
  return null
}

/**
 * `GET /v3/auth/tokens` with an own token of a service's role, through a keystoneauth1 session: a 401 (its own token) makes it
 * authenticate again and repeat once, a 404 (the subject) is an answer like any other. Nothing is repeated without a connection.
 */
export const directValidator: Behaviour = {
  *call(member, context) {
    const subject = drawSubject(member)
    const { className } = member
    yield* request({ name: className, session: member }, context, function* (own): Steps<ApiReply> {
      const { of, token } = subject ?? { of: member, token: own }
      return (yield {
        kind: 'keystone',
        request: { op: 'validate', authToken: own.id, subjectToken: token.id },
        by: className,
        judged: of.className,
        format: token.format,
      }) as ApiReply
    })
  },
  restart: (member) => {
    member.token = null
  },
  startsWithToken: true,
  identity: 'service-user',
}
