// The column `extra` of the token table: Keystone's JSON about a UUID token, written or read only when asked for.
// It exists because the column is kilobytes of catalog of which a validation needs a handful of ids.
import type { Claims, Scope } from '../token/claims.js'
import { DefectError } from '../base/errors.js'
import { parseInstant } from './instants.js'
import { jsonString, member, textMember } from './json.js'
import type { TokenExtra } from './store.js'

/**
 * What stands between the column's first part and the token's own text in rows that this program writes.
 * Python's JSON has a space after each colon, so no row of a real Keystone has it; that makes the slice safe.
 */
const seam = ',"token_version":"v3.0","token_data":{"token":'
const ending = '}}'

export interface WrittenToken {
  /** The token itself, the column's `key`. */
  readonly id: string
  readonly claims: Claims
  /** JSON text of `token_data.token`. */
  readonly tokenText: string
  /** JSON text of the token's user: `{"id", "name", "domain"}`. */
  readonly userText: string
  /** JSON text of the token's project, null for other scopes. */
  readonly projectText: string | null
}

/** The column's text from its parts; all of them ASCII, as `jsonText` writes them. */
export const columnText = (token: Omit<WrittenToken, 'claims'>): string =>
  `{"key":${jsonString(token.id)},"user":${token.userText},"tenant":${token.projectText ?? 'null'},"is_domain":null` +
  `${seam}${token.tokenText}${ending}`

class WrittenExtra implements TokenExtra {
  readonly claims: Claims
  readonly text: string
  readonly tokenText: string

  constructor(token: WrittenToken) {
    this.claims = token.claims
    this.tokenText = token.tokenText
    this.text = columnText(token)
  }

  /** All text is ASCII, so characters are bytes. */
  get bytes(): number {
    return this.text.length
  }
}

/** The column of a token that is issued now. The texts must be ASCII, as `jsonText` writes them. */
export const extraFromToken = (token: WrittenToken): TokenExtra => new WrittenExtra(token)

/** Bytes of a text in UTF-8. */
const utf8Bytes = (text: string): number => {
  let bytes = text.length
  for (let i = 0; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit > 0x7ff && (unit < 0xd800 || unit > 0xdfff)) bytes += 2
    else if (unit > 0x7f) bytes += 1
  }
  return bytes
}

const catalogStart = ', "catalog": ['
const catalogEnd = '], "expires_at": "'

/**
 * A token's text without its catalog, when that stands where this program and Keystone write it, before `expires_at`;
 * else the text as it is.
 */
export const withoutCatalog = (tokenText: string): string => {
  const start = tokenText.indexOf(catalogStart)
  if (start < 0) return tokenText
  const end = tokenText.lastIndexOf(catalogEnd)
  // An `expires_at` that is inside the catalog or before it means another order of keys: keep everything.
  return end < start ? tokenText : tokenText.slice(0, start) + tokenText.slice(end + 1)
}

const textList = (value: unknown): readonly string[] =>
  Array.isArray(value) ? value.filter((item): item is string => typeof item === 'string') : []

const scopeOf = (token: unknown): Scope => {
  const projectId = textMember(member(token, 'project'), 'id')
  const trustId = textMember(member(token, 'OS-TRUST:trust'), 'id')
  if (trustId !== null && projectId !== null) return { kind: 'trust', projectId, trustId }
  if (projectId !== null) return { kind: 'project', projectId }
  const domainId = textMember(member(token, 'domain'), 'id')
  if (domainId !== null) return { kind: 'domain', domainId }
  return member(token, 'system') === undefined ? { kind: 'unscoped' } : { kind: 'system' }
}

const trustOf = (token: unknown): Pick<Claims, 'trust'> => {
  const trust = member(token, 'OS-TRUST:trust')
  const trustorId = textMember(member(trust, 'trustor_user'), 'id')
  const trusteeId = textMember(member(trust, 'trustee_user'), 'id')
  if (trustorId === null || trusteeId === null) return {}
  return { trust: { trustorId, trusteeId, impersonation: member(trust, 'impersonation') === true } }
}

const federatedOf = (token: unknown): Pick<Claims, 'federated'> => {
  const federation = member(member(token, 'user'), 'OS-FEDERATION')
  const idpId = textMember(member(federation, 'identity_provider'), 'id')
  const protocolId = textMember(member(federation, 'protocol'), 'id')
  if (idpId === null || protocolId === null) return {}
  const groups = member(federation, 'groups')
  const groupIds = Array.isArray(groups)
    ? groups.map((group) => textMember(group, 'id')).filter((id): id is string => id !== null)
    : []
  return { federated: { groupIds, idpId, protocolId } }
}

/** The claims in a parsed `token_data.token`; null if it lacks what every token has. */
export const claimsFromToken = (token: unknown): Claims | null => {
  const userId = textMember(member(token, 'user'), 'id')
  const issuedAtSec = parseInstant(textMember(token, 'issued_at') ?? '')
  const expiresAtSec = parseInstant(textMember(token, 'expires_at') ?? '')
  if (userId === null || issuedAtSec === null || expiresAtSec === null) return null
  const applicationCredentialId = textMember(member(token, 'application_credential'), 'id')
  const accessTokenId = textMember(member(token, 'OS-OAUTH1'), 'access_token_id')
  return {
    userId,
    methods: textList(member(token, 'methods')),
    auditIds: textList(member(token, 'audit_ids')),
    issuedAtSec,
    expiresAtSec,
    scope: scopeOf(token),
    ...trustOf(token),
    ...federatedOf(token),
    ...(applicationCredentialId === null ? {} : { applicationCredentialId }),
    ...(accessTokenId === null ? {} : { accessTokenId }),
  }
}

const plain = String.raw`[^"\\\x00-\x1f]*`
const named = (id: string, more = ''): string => String.raw`\{"id": ${id}, "name": "${plain}"${more}\}`
const domainPattern = `, "domain": ${named(`"${plain}"`)}`
/** What a project's token begins with, as this program and Keystone write it, up to the catalog. */
const commonHead = new RegExp(
  String.raw`^\{"methods": \["(password|token)"\], "project": ${named('"([0-9a-f]{32})"', domainPattern)}, ` +
    String.raw`"is_domain": (?:true|false), "user": ${named('"([0-9a-f]{32})"', domainPattern)}, ` +
    String.raw`"roles": \[(?:${named(`"${plain}"`)}(?:, )?)*\], ` +
    String.raw`"audit_ids": \["([\w-]{22})"(?:, "([\w-]{22})")?\], "catalog": \[`,
)
/** How it ends after the catalog. */
const commonEnd = /\], "expires_at": "([^"\\]{20,27})", "issued_at": "([^"\\]{20,27})"\}$/
/** Longer than any such ending, so that the pattern need not look at the catalog. */
const commonEndMax = 120

/**
 * The claims of the commonest kind of token, read off its text: parsing what is left beside the catalog takes three
 * times as long. Null for any other token, which is parsed.
 */
const commonClaims = (tokenText: string): Claims | null => {
  const head = commonHead.exec(tokenText)
  if (head === null) return null
  const end = commonEnd.exec(tokenText.slice(-commonEndMax))
  const expiresAtSec = parseInstant(end?.[1] ?? '')
  const issuedAtSec = parseInstant(end?.[2] ?? '')
  if (expiresAtSec === null || issuedAtSec === null) return null
  const [, method = '', projectId = '', userId = '', auditId = '', parentId] = head
  return {
    userId,
    methods: [method],
    auditIds: parentId === undefined ? [auditId] : [auditId, parentId],
    issuedAtSec,
    expiresAtSec,
    scope: { kind: 'project', projectId },
  }
}

/** Where the object that begins at `from` ends: one past its closing brace; −1 if it does not end. */
const objectEnd = (text: string, from: number): number => {
  let depth = 0
  for (let i = from; i < text.length; i++) {
    const unit = text.charCodeAt(i)
    if (unit === 0x22) {
      do {
        i = text.indexOf('"', i + 1)
        if (i < 0) return -1
      } while (isEscaped(text, i))
    } else if (unit === 0x7b) depth++
    else if (unit === 0x7d && --depth === 0) return i + 1
  }
  return -1
}

const isEscaped = (text: string, at: number): boolean => {
  let slashes = 0
  while (text.charCodeAt(at - 1 - slashes) === 0x5c) slashes++
  return slashes % 2 === 1
}

class ReadExtra implements TokenExtra {
  readonly text: string
  private foundTokenText: string | null = null
  private foundClaims: Claims | null = null

  constructor(text: string) {
    this.text = text
  }

  get bytes(): number {
    return utf8Bytes(this.text)
  }

  get tokenText(): string {
    return (this.foundTokenText ??= this.sliceToken())
  }

  get claims(): Claims {
    if (this.foundClaims !== null) return this.foundClaims
    const claims = this.readClaims()
    if (claims === null) throw new DefectError(`a row's extra holds no token: ${this.text.slice(0, 200)}`)
    return (this.foundClaims = claims)
  }

  private readClaims(): Claims | null {
    const common = commonClaims(this.tokenText)
    if (common !== null) return common
    try {
      return claimsFromToken(JSON.parse(withoutCatalog(this.tokenText)))
    } catch {
      return claimsFromToken(member(member(JSON.parse(this.text), 'token_data'), 'token'))
    }
  }

  private sliceToken(): string {
    const at = this.text.indexOf(seam)
    if (at >= 0) return this.text.slice(at + seam.length, -ending.length)
    // A row of a real Keystone: keys in any order, so the token's object is found by its braces.
    const data = /"token_data"\s*:\s*\{\s*"token"\s*:\s*(?=\{)/.exec(this.text)
    if (data !== null) {
      const from = data.index + data[0].length
      const end = objectEnd(this.text, from)
      if (end > 0) return this.text.slice(from, end)
    }
    return JSON.stringify(member(member(JSON.parse(this.text), 'token_data'), 'token') ?? null)
  }
}

/**
 * The column as it was read from a database: by this program's writing or a real Keystone's. Nothing is parsed
 * before it is asked for; `claims` then throws DefectError if the text holds no token.
 */
export const extraFromText = (text: string): TokenExtra => new ReadExtra(text)

/** Makes the column of row `index`, equal each time: for tables that are seeded and mostly never looked at. */
export type MakeExtra = (index: number) => TokenExtra

class DeferredExtra implements TokenExtra {
  private readonly make: MakeExtra
  private readonly index: number
  readonly bytes: number

  constructor(make: MakeExtra, index: number, bytes: number) {
    this.make = make
    this.index = index
    this.bytes = bytes
  }

  get claims(): Claims {
    return this.make(this.index).claims
  }

  get text(): string {
    return this.make(this.index).text
  }

  get tokenText(): string {
    return this.make(this.index).tokenText
  }
}

/**
 * A column that costs forty bytes until somebody looks, and again afterwards: nothing is kept.
 * @param bytes the length of its text
 */
export const deferredExtra = (make: MakeExtra, index: number, bytes: number): TokenExtra =>
  new DeferredExtra(make, index, bytes)
