// The identity API's refusals: status, title, message, and why a token was no good; one table.
// It exists so that bodies come out as Keystone's and no refusal is without its cause.
import type { Cause } from '../measure/sample.js'
import { jsonString, jsonText } from './json.js'
import type { ReleaseProfile } from './release.js'

/** Titles by status, as Keystone's exceptions name them (`keystone/exception.py`). */
export const titles = {
  400: 'Bad Request',
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  405: 'Method Not Allowed',
  409: 'Conflict',
  413: 'Request Entity Too Large',
  500: 'Internal Server Error',
  501: 'Not Implemented',
} as const

export type ErrorStatus = keyof typeof titles

/** Which token of a request was refused: the caller's own, the one asked about, or the one to be exchanged. */
export type RefusedToken = 'auth' | 'subject' | 'rescoped'

/** A refusal as data. */
export interface Refusal {
  readonly status: ErrorStatus
  readonly message: string
  /** Why a token was refused; null when the refusal is about something else. */
  readonly cause: Cause | null
  /**
   * What a failed method says besides (`AuthPluginException`): a member of the body. Such a 401 does not say where to
   * authenticate.
   */
  readonly identity?: Readonly<Record<string, unknown>>
}

/** A request that is refused. Thrown within a use case; `handle` makes the reply of it. */
export class ApiError extends Error implements Refusal {
  override readonly name = 'ApiError'
  readonly status: ErrorStatus
  override readonly cause: Cause | null
  declare readonly identity?: Readonly<Record<string, unknown>>
  /** Which token it is about, if it is about one. */
  readonly refused: RefusedToken | null
  constructor(refusal: Refusal, refused: RefusedToken | null = null) {
    super(refusal.message)
    this.status = refusal.status
    this.cause = refusal.cause
    if (refusal.identity !== undefined) this.identity = refusal.identity
    this.refused = refused
  }
}

const malformed =
  'The server could not comply with the request since it is either malformed or otherwise incorrect. The client is assumed to be in error.'

const because = (status: ErrorStatus, message: string, cause: Cause | null = null): Refusal => ({
  status,
  message,
  cause,
})

/** Every refusal that the identity logic knows. Wording of `keystone/exception.py`, full stops by release. */
export const refusals = {
  unauthorized: (cause: Cause | null = null) =>
    because(401, 'The request you have made requires authentication.', cause),
  unsupportedMethod: (methods: readonly string[]) => ({
    ...because(401, 'Attempted to authenticate with an unsupported method.'),
    identity: { methods },
  }),
  credentialScope: () => ({
    ...because(
      401,
      'Error authenticating with application credential: Application credentials cannot request a scope.',
    ),
    identity: {},
  }),
  /** Rules of several methods are not met, by a service that hands out no receipts. `methods` were passed. */
  insufficientMethods: (userId: string, methods: readonly string[]) =>
    because(
      401,
      `Insufficient auth methods received for ${userId}. Auth Methods Provided: [${methods.join(',')}].`,
    ),
  noReceipt: (receipt: string) => because(401, `Could not find auth receipt: ${receipt}.`),
  forbidden: (cause: Cause | null = null) =>
    because(403, 'You are not authorized to perform the requested action.', cause),
  forbiddenAction: (action: string, profile: ReleaseProfile) =>
    because(403, `You are not authorized to perform the requested action: ${action}${stop(profile)}`),
  /** A 403 that says why in releases that do (since Ocata), and nothing in others. */
  forbiddenBecause: (action: string, profile: ReleaseProfile) =>
    profile.explainsForbidden
      ? because(403, `You are not authorized to perform the requested action: ${action}${stop(profile)}`)
      : because(403, 'You are not authorized to perform the requested action.'),
  noUsesLeft: (trustId: string) => because(403, `No remaining uses for trust: ${trustId}.`, 'trust-gone'),
  notFound: (what: string, id: string, profile: ReleaseProfile, cause: Cause | null = null) =>
    because(404, couldNotFind(what, id, profile), cause),
  noSubject: () => because(404, 'No token in the request'),
  noResource: () => because(404, 'The resource could not be found.'),
  methodNotAllowed: () => because(405, 'The method is not allowed for the requested URL.'),
  expecting: (attribute: string, target: string) =>
    because(400, `Expecting to find ${attribute} in ${target}. ${malformed}`),
  invalid: (message: string) => because(400, message),
  badTimestamp: () => because(400, `Timestamp not in expected format. ${malformed}`),
  pastTimestamp: () => because(400, `The 'expires_at' must not be before now. ${malformed}`),
  conflict: (type: string, details: string, profile: ReleaseProfile) =>
    because(409, `Conflict occurred attempting to store ${type} - ${details}${stop(profile)}`),
  notImplied: (priorId: string, impliedId: string, profile: ReleaseProfile) =>
    because(404, `${priorId} does not imply ${impliedId}${stop(profile)}`),
  notToBeImplied: (id: string, profile: ReleaseProfile) =>
    because(403, `${id} cannot be an implied roles${stop(profile)}`),
  /** A 403 that is not about who asks (`ForbiddenNotSecurity`), so that it may say why. */
  notAllowed: (message: string) => because(403, message),
  /** A 404 in words of its own. */
  absent: (message: string) => because(404, message),
  unexpected: () => because(500, 'An unexpected error prevented the server from fulfilling your request.'),
} as const

const stop = (profile: ReleaseProfile): string => (profile.fullStop ? '.' : '')

/** `Could not find token: ID`, with the release's full stop. */
export const couldNotFind = (what: string, id: string, profile: ReleaseProfile): string =>
  `Could not find ${what}: ${id}${stop(profile)}`

/** The body of an error, as Keystone writes it. */
export const errorText = (refusal: Pick<Refusal, 'status' | 'message' | 'identity'>): string => {
  const identity = refusal.identity === undefined ? '' : `, "identity": ${jsonText(refusal.identity)}`
  return `{"error": {"code": ${refusal.status}, "title": ${jsonString(titles[refusal.status])}, "message": ${jsonString(refusal.message)}${identity}}}`
}
