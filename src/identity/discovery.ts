// Which versions of the API there are: `/` and `/v3`, and the health check of load balancers.
// It exists because every client library asks this first, before it has a token.
import type { Context } from './context.js'
import { replyValue } from './exchange.js'
import type { Reply } from './exchange.js'

const versionView = (context: Context): Record<string, unknown> => {
  const { api } = context.config.profile
  return {
    id: api.id,
    status: 'stable',
    updated: api.updated,
    links: [{ rel: 'self', href: `${context.config.publicUrl}/v3/` }],
    'media-types': [{ base: 'application/json', type: 'application/vnd.openstack.identity-v3+json' }],
  }
}

/** GET /: 300, all versions. */
export const versions = (context: Context): Reply =>
  replyValue(context, 300, { versions: { values: [versionView(context)] } })

/** GET /v3: 200, this version. */
export const version = (context: Context): Reply =>
  replyValue(context, 200, { version: versionView(context) })

/** GET /healthcheck (oslo.middleware): 200 and `OK` as plain text. */
export const healthy = (context: Context): Reply => ({
  status: 200,
  headers: { 'Content-Type': 'text/plain; charset=UTF-8', 'x-openstack-request-id': context.requestId },
  body: () => 'OK',
  cause: null,
  refused: null,
  issued: null,
  seenFormat: null,
})
