// The body of a token: who, for what, with which roles, and the catalog, as one text made of cached pieces.
// Order of members, separators and instants are Keystone's, so the length is too.
import type { Claims } from '../token/claims.js'
import type { Context } from './context.js'
import { textOf } from './documents.js'
import { columnText } from './extra.js'
import { isoInstant } from './instants.js'
import { jsonString, jsonText } from './json.js'
import type { Standing } from './standing.js'
import type { Document, TokenExtra } from './store.js'

const passwordOnly = '["password"]'

const methodsText = (methods: readonly string[]): string =>
  methods.length === 1 && methods[0] === 'password' ? passwordOnly : jsonText(methods)

const auditText = (ids: readonly string[]): string =>
  ids.length === 1 ? `["${ids[0]}"]` : `["${ids[0]}", "${ids[1]}"]`

const trustText = (trust: Document): string =>
  `{"id": ${jsonString(trust.id)}, "trustor_user": {"id": ${jsonString(textOf(trust, 'trustor_user_id'))}}, ` +
  `"trustee_user": {"id": ${jsonString(textOf(trust, 'trustee_user_id'))}}, "impersonation": ${trust['impersonation'] === true}}`

/**
 * A body in pieces. Most are shared by many tokens, so a row that keeps this costs little, and the whole text is put
 * together only for somebody who reads it.
 */
export interface TokenPieces {
  readonly claims: Claims
  readonly userText: string
  readonly projectText: string | null
  /** Whatever stands between the methods and the user: project or domain or system, and the trust. */
  readonly scopeText: string
  readonly rolesText: string | null
  /** Null: the client asked for none, or the token has no scope. */
  readonly catalogText: string | null
}

const scopeTextOf = (
  context: Context,
  standing: Standing,
  projectText: string | null,
  shown: boolean,
): string => {
  if (projectText !== null) {
    const { trust } = standing
    const isDomain =
      trust === null || context.config.profile.trustSaysIsDomain
        ? `, "is_domain": ${standing.project?.['is_domain'] === true}`
        : ''
    const lent = trust === null ? '' : `, "OS-TRUST:trust": ${trustText(trust)}`
    return `, "project": ${projectText}${isDomain}${lent}`
  }
  if (standing.domain !== null) return `, "domain": ${context.derived.domainText(standing.domain)}`
  return shown ? ', "system": {"all": true}' : ''
}

/** What a body shows: the catalog, and that the scope is the system (unless false). */
interface BodyOptions {
  readonly catalog: boolean
  readonly system?: boolean
}

/** The pieces of a token's body as of now. */
export const tokenPieces = (
  context: Context,
  claims: Claims,
  standing: Standing,
  options: BodyOptions,
): TokenPieces => {
  const { derived } = context
  const projectText = standing.project === null ? null : derived.projectText(standing.project)
  const scoped = standing.roles !== null
  return {
    claims,
    userText:
      claims.federated === undefined
        ? derived.userText(standing.user)
        : derived.federatedUserText(standing.user, claims.federated),
    projectText,
    scopeText: scopeTextOf(
      context,
      standing,
      projectText,
      claims.scope.kind === 'system' && options.system !== false,
    ),
    rolesText: scoped ? standing.roles.text : null,
    catalogText:
      scoped && options.catalog ? derived.catalogText(standing.project?.id ?? null, claims.userId) : null,
  }
}

/** What comes last in an application credential's token. */
const credentialText = (context: Context, claims: Claims): string => {
  const id = claims.applicationCredentialId
  const credential = id === undefined ? null : context.facts.get('application_credential', id)
  if (credential === null) return ''
  const restricted = credential['unrestricted'] !== true
  return `, "application_credential": {"id": ${jsonString(credential.id)}, "name": ${jsonString(textOf(credential, 'name'))}, "restricted": ${restricted}}`
}

/** JSON text of `token`. */
export const textOfPieces = (pieces: TokenPieces, ending = ''): string => {
  const { claims, rolesText, catalogText } = pieces
  const roles = rolesText === null ? '' : `, "roles": ${rolesText}`
  const catalog = catalogText === null ? '' : `, "catalog": ${catalogText}`
  return (
    `{"methods": ${methodsText(claims.methods)}${pieces.scopeText}, "user": ${pieces.userText}` +
    `${roles}, "audit_ids": ${auditText(claims.auditIds)}${catalog}` +
    `, "expires_at": "${isoInstant(claims.expiresAtSec)}", "issued_at": "${isoInstant(claims.issuedAtSec)}"${ending}}`
  )
}

/** The body of a token as a reply sends it. */
export const tokenBody = (
  context: Context,
  claims: Claims,
  standing: Standing,
  options: BodyOptions,
): string =>
  `{"token": ${textOfPieces(tokenPieces(context, claims, standing, options), credentialText(context, claims))}}`

/** The column `extra` of a token issued now; its texts are made when read, its length is known at once. */
class IssuedExtra implements TokenExtra {
  private readonly id: string
  private readonly pieces: TokenPieces
  private readonly ending: string

  constructor(id: string, pieces: TokenPieces, ending: string) {
    this.id = id
    this.pieces = pieces
    this.ending = ending
  }

  get claims(): Claims {
    return this.pieces.claims
  }

  get tokenText(): string {
    return textOfPieces(this.pieces, this.ending)
  }

  get text(): string {
    const { userText, projectText } = this.pieces
    return columnText({ id: this.id, userText, projectText, tokenText: this.tokenText })
  }

  get bytes(): number {
    return this.text.length
  }
}

/** The column of a token that is issued now. */
export const extraOfIssued = (context: Context, id: string, pieces: TokenPieces): TokenExtra =>
  new IssuedExtra(id, pieces, credentialText(context, pieces.claims))
