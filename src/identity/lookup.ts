// Finds the user, project or domain that a request names by id or by name and domain.
// It exists because the same forms of naming occur in identities and in scopes.
import type { Facts } from './derived.js'
import { textOf } from './documents.js'
import { ApiError, refusals } from './errors.js'
import { member, textMember } from './json.js'
import type { Document, DocumentKind } from './store.js'

/** A document of a kind that has this name within a domain; null if there is none. */
export const findNamed = (
  facts: Facts,
  kind: Extract<DocumentKind, 'user' | 'project' | 'group'>,
  name: string,
  domainId: string,
): Document | null => {
  for (const document of facts.find(kind, 'name', name)) {
    if (textOf(document, 'domain_id') === domainId) return document
  }
  return null
}

/**
 * The domain that `{id}` or `{name}` names; null if there is no such domain.
 * @throws ApiError 400 if it names none
 */
export const namedDomain = (facts: Facts, reference: unknown, target: string): Document | null => {
  const id = textMember(reference, 'id')
  if (id !== null) return facts.get('domain', id)
  const name = textMember(reference, 'name')
  if (name === null) throw new ApiError(refusals.expecting('id or name', target))
  return facts.find('domain', 'name', name)[0] ?? null
}

/**
 * The user or project that `{id}` or `{name, domain}` names; null if there is none.
 * @throws ApiError 400 if what it says is not enough
 */
export const named = (facts: Facts, kind: 'user' | 'project', reference: unknown): Document | null => {
  const id = textMember(reference, 'id')
  if (id !== null) return facts.get(kind, id)
  const name = textMember(reference, 'name')
  if (name === null) throw new ApiError(refusals.expecting('id or name', kind))
  const domainReference = member(reference, 'domain')
  if (domainReference === undefined) throw new ApiError(refusals.expecting('domain', kind))
  const domain = namedDomain(facts, domainReference, 'domain')
  return domain === null ? null : findNamed(facts, kind, name, domain.id)
}
