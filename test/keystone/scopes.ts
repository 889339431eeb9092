// Tokens of every scope, issued by each of two services on one key repository and read by the other.
// Exists because this is what a Fernet cutover rests on, and because only the real Keystone can tell what is right.
import { describe, expect, test } from '@jest/globals'
import { comparableIssue } from './comparable.js'
import { byToken, issuedOf } from './identityApi.js'
import type { Answer, IssuedToken } from './identityApi.js'
import { asFederated, federatedLogin } from './keystoneCloud.js'
import { otherOf, sides } from './sides.js'
import type { Side, Sides } from './sides.js'

/** How each kind of token is had. */
const kindsOf = (at: Sides): Readonly<Record<string, (side: Side) => Promise<Answer>>> => {
  const alice = (side: Side, scope: unknown): Promise<Answer> =>
    at.api(side).authenticate(at.password(at.pair.cloud.users.alice), scope)
  const onTrust = (side: Side, which: 'impersonating' | 'plain'): Promise<Answer> => {
    const { users, trusts } = at.pair.cloud
    return at.api(side).authenticate(at.password(users.bob), { 'OS-TRUST:trust': { id: trusts[which] } })
  }
  const federated = (side: Side): Promise<Answer> =>
    side === 'keystone'
      ? federatedLogin(at.api(side), 'carol')
      : at.api(side).authenticate(asFederated(at.pair.cloud))
  const rescoped = async (side: Side, scope: unknown): Promise<Answer> =>
    at.api(side).authenticate(byToken(issuedOf(await federated(side)).id), scope)
  return {
    unscoped: (side) => alice(side, 'unscoped'),
    project: (side) => alice(side, { project: { id: at.pair.cloud.projects.demo } }),
    domain: (side) => alice(side, { domain: { id: at.pair.cloud.domain } }),
    'the default domain': (side) => alice(side, { domain: { id: 'default' } }),
    system: (side) => alice(side, { system: { all: true } }),
    'trust with impersonation': (side) => onTrust(side, 'impersonating'),
    'trust without impersonation': (side) => onTrust(side, 'plain'),
    'application credential': (side) =>
      at.api(side).authenticate(at.credential(at.pair.cloud.applicationCredential)),
    'federated, unscoped': federated,
    'federated, project': (side) => rescoped(side, { project: { id: at.pair.cloud.projects.demo } }),
    'federated, domain': (side) => rescoped(side, { domain: { id: at.pair.cloud.domain } }),
  }
}

const auditIdsOf = ({ body }: IssuedToken): readonly string[] => body['audit_ids'] as readonly string[]

export const describeScopes = (at: Sides): void => {
  const kinds = kindsOf(at)
  describe.each(Object.entries(kinds))('a token: %s', (kind, ask) => {
    test('is issued with the same words by both', async () => {
      const [keystone, ours] = [await ask('keystone'), await ask('ours')]
      expect(keystone.status).toBe(201)
      expect(comparableIssue(ours)).toEqual(comparableIssue(keystone))
    })

    test.each(sides)('issued by %s is read by both with the same words', async (side) => {
      const { id: subject } = issuedOf(await ask(side))
      const { admin: auth } = at
      const answer = await at.agree((api) => api.validate({ auth, subject }))
      expect(answer.status).toBe(200)
      expect(answer.body?.['token']).toMatchObject(
        kind.includes('unscoped') ? {} : { catalog: [{ type: 'identity' }] },
      )
      expect((await at.agree((api) => api.validate({ auth, subject }, 'HEAD'))).status).toBe(200)
      // As the caller's own; who impersonates may not ask about it.
      const own = await at.agree((api) =>
        api.call('GET', '/v3/auth/tokens?nocatalog', { auth: subject, subject }),
      )
      expect(own.status).toBe(kind === 'trust with impersonation' ? 403 : 200)
    })

    test.each(sides)('issued by %s buys the same at both, and begins the audit chain', async (side) => {
      const parent = issuedOf(await ask(side))
      const scope = { project: { id: at.pair.cloud.projects.demo } }
      const answers = await at.both((api) => api.authenticate(byToken(parent.id), scope))
      expect(comparableIssue(answers.ours)).toEqual(comparableIssue(answers.keystone))
      const answer = answers[otherOf(side)]
      const narrow = ['system', 'application credential'].includes(kind) || kind.startsWith('trust')
      expect(answer.status).toBe(narrow ? 403 : 201)
      if (narrow) return
      const child = issuedOf(answer)
      // Federated tokens begin a chain of their own each time.
      expect(auditIdsOf(child)[1]).toBe(kind.startsWith('federated') ? undefined : auditIdsOf(parent)[0])
      expect(child.body['expires_at']).toBe(parent.body['expires_at'])
      await at.agree((api) => api.validate({ auth: at.admin, subject: child.id }))
    })
  })
}
