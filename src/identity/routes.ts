// From a request to the operation that answers it, and from whatever happens to a reply.
// Resources are a record, so that more of the API is more entries; the one hot path is looked at first.
import { authenticate } from './authenticate.js'
import type { Context } from './context.js'
import { healthy, version, versions } from './discovery.js'
import { ApiError, refusals } from './errors.js'
import { replyRefusal, withoutBody } from './exchange.js'
import type { Reply, Request } from './exchange.js'
import {
  catalogOfToken,
  domainsToScope,
  projectsToScope,
  revocationEvents,
  revokedCertificates,
  systemToScope,
} from './listings.js'
import { withCaller } from './operations.js'
import type { Operations, Resource } from './operations.js'
import type { IdentityCase } from './questions.js'
import { resourceOperations } from './resources/resourceRoutes.js'
import { createTrust, deleteTrust, listTrustRoles, listTrusts, showTrust, showTrustRole } from './trusts.js'
import { revoke, validate } from './validate.js'

const tokens: Operations = { POST: authenticate, GET: validate, HEAD: validate, DELETE: revoke }

const authPaths: Readonly<Record<string, Operations>> = {
  tokens,
  projects: { GET: withCaller((context, _, caller) => projectsToScope(context, caller)) },
  domains: { GET: withCaller((context, _, caller) => domainsToScope(context, caller)) },
  system: { GET: withCaller((context, _, caller) => systemToScope(context, caller)) },
  catalog: { GET: withCaller((context, _, caller) => catalogOfToken(context, caller)) },
  'tokens/OS-PKI/revoked': { GET: withCaller((context, _, caller) => revokedCertificates(context, caller)) },
}

const trustCollection: Operations = { GET: withCaller(listTrusts), POST: withCaller(createTrust) }

const oneTrust = (id: string): Operations => ({
  GET: withCaller((context, _, caller) => showTrust(context, caller, id)),
  DELETE: withCaller((context, _, caller) => deleteTrust(context, caller, id)),
})

const trustRoles = (id: string, roleId: string | undefined): Operations => ({
  GET: withCaller((context, _, caller) =>
    roleId === undefined ? listTrustRoles(context, caller, id) : showTrustRole(context, caller, id, roleId),
  ),
})

const events: Operations = { GET: withCaller((context, _, caller) => revocationEvents(context, caller)) }

const own = <T>(record: Readonly<Record<string, T>>, name: string | undefined): T | null =>
  name !== undefined && Object.hasOwn(record, name) ? (record[name] as T) : null

/** What stands behind `/v3/NAME`, about tokens; the rest is in `resources/`. */
const resources: Readonly<Record<string, Resource>> = {
  auth: (rest) => own(authPaths, rest.join('/')),
  'OS-FEDERATION': (rest) =>
    rest.length === 1 && (rest[0] === 'projects' || rest[0] === 'domains') ? own(authPaths, rest[0]) : null,
  'OS-TRUST': ([collection, id, roles, roleId, ...more]) => {
    if (collection !== 'trusts' || more.length > 0) return null
    if (id === undefined) return trustCollection
    if (roles === undefined) return oneTrust(id)
    return roles === 'roles' ? trustRoles(id, roleId) : null
  },
  'OS-REVOKE': (rest) => (rest.length === 1 && rest[0] === 'events' ? events : null),
}

const root: Operations = { GET: versions }
const versionRoot: Operations = { GET: version }
const health: Operations = { GET: healthy }

const operationsOf = (context: Context, path: string): Operations | null => {
  if (path === '/v3/auth/tokens') return tokens
  const parts = path.split('/')
  if (parts.length > 2 && parts.at(-1) === '') parts.pop()
  const [, first, name, ...rest] = parts
  if (first === '' || first === undefined) return root
  if (first === 'healthcheck' && name === undefined) return health
  if (first !== 'v3') return null
  if (name === undefined) return versionRoot
  return own(resources, name)?.(rest) ?? resourceOperations(context, name, rest)
}

const isMethod = (method: string, operations: Operations): method is keyof Operations =>
  Object.hasOwn(operations, method)

/**
 * Answers a request. Asks no question before it must; never throws but for a defect: whatever the client did wrong
 * is a reply.
 */
export function* handle(request: Request, context: Context): IdentityCase<Reply> {
  const operations = operationsOf(context, request.path)
  const { method } = request
  let reply: Reply
  if (operations === null) reply = replyRefusal(context, refusals.noResource())
  else {
    const operation = isMethod(method, operations)
      ? operations[method]
      : method === 'HEAD'
        ? operations.GET
        : undefined
    if (operation === undefined) {
      const headers = { Allow: Object.keys(operations).join(', ') }
      reply = replyRefusal(context, refusals.methodNotAllowed(), { headers })
    } else {
      try {
        const answer = operation(context, request)
        reply = 'status' in answer ? answer : yield* answer
      } catch (error) {
        if (!(error instanceof ApiError)) throw error
        reply = replyRefusal(context, error, error.refused === null ? {} : { refused: error.refused })
      }
    }
  }
  return method === 'HEAD' ? withoutBody(reply) : reply
}
