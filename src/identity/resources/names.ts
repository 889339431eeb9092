// Names that must be there once: within a domain, or at all; and domains that must exist.
// It exists so that every resource refuses a second of the same name in the same words.
import type { Context } from '../context.js'
import { textOrNull } from '../documents.js'
import { ApiError, refusals } from '../errors.js'
import type { Document, DocumentKind } from '../store.js'
import type { GoodToken } from '../tokenCheck.js'
import { badRequest, required } from './description.js'
import type { Call, Fields } from './description.js'

/** Whether another document of the kind has this name in this domain; null: among those of no domain. */
export const isTaken = (
  context: Context,
  kind: Extract<DocumentKind, 'user' | 'project' | 'group' | 'role' | 'domain'>,
  wanted: { readonly name: string; readonly domainId: string | null; readonly exceptId?: string },
): boolean =>
  context.facts
    .find(kind, 'name', wanted.name)
    .some(
      (other: Document) =>
        other.id !== wanted.exceptId &&
        (kind === 'domain' || textOrNull(other, 'domain_id') === wanted.domainId),
    )

/**
 * What Keystone says of a duplicate: it names what the request itself says, so a domain only if the body has one
 * (`handle_conflicts` in `keystone/common/sql/core.py`).
 */
export const duplicate = (context: Context, type: string, asked: Fields): ApiError => {
  const { profile } = context.config
  const { name, id, domain_id: domainId } = asked
  const place = typeof domainId === 'string' ? ` at domain ID ${domainId}` : ''
  const what = typeof name === 'string' ? `name ${name}` : `ID ${String(id)}`
  const details = profile.resources.namesDuplicates
    ? `Duplicate entry found with ${what}${place}`
    : 'Duplicate Entry'
  return new ApiError(refusals.conflict(type, details, profile))
}

/** A name without the blanks around it. @throws ApiError 400 if it is longer than the column */
export const cleanName = (
  entity: 'User' | 'Group' | 'Project' | 'Domain',
  given: unknown,
  lengthMax: number,
): string => {
  const name = String(given).trim()
  if (name.length > lengthMax) {
    throw badRequest(`${entity} name should not be greater than ${lengthMax} characters.`)
  }
  return name
}

const domainOfToken = (context: Context, { claims }: GoodToken): string =>
  claims.scope.kind === 'domain' ? claims.scope.domainId : context.config.defaultDomainId

/** The id of the domain that a body names, else of the token's, else of the default one. It may not exist. */
export const wantedDomainId = ({ context, caller }: Call, asked: Fields): string => {
  const given = asked['domain_id']
  return typeof given === 'string' ? given : domainOfToken(context, caller)
}

/** The id of the domain that something new shall belong to. @throws ApiError 404 */
export const newDomainId = (call: Call, asked: Fields): string =>
  required(call.context, 'domain', wantedDomainId(call, asked)).id

/** @throws ApiError 400 if a body would move something to another domain */
export const requireSameDomain = (document: Document, asked: Fields): void => {
  if (Object.hasOwn(asked, 'domain_id') && asked['domain_id'] !== document['domain_id']) {
    throw badRequest('Cannot change Domain ID')
  }
}
