// What stands inside a Fernet token: Keystone's payload versions 0 to 10, read and written byte for byte.
// Layouts: openstack/keystone, keystone/token/token_formatters.py (up to Mitaka token/providers/fernet/).

import { auditId, auditIdBytes, auditIdToBytes } from './audit.js'
import type { FederatedClaims, PayloadClaims, Scope } from './claims.js'
import { decodeMsgpack, MsgpackWriter } from './msgpack.js'
import type { MsgpackFamily, MsgpackProblem, MsgpackString, MsgpackValue } from './msgpack.js'
import { TokenError } from './tokenError.js'

/** Keystone's payload versions; `docs` of each in {@link packPayload}. */
export type PayloadVersion = 0 | 1 | 2 | 3 | 4 | 5 | 6 | 7 | 8 | 9 | 10

/**
 * Keystone's default of `[auth] methods`, by the first release that has it. The *position* in the list is the bit
 * in the payload, so another order gives other labels to tokens that are already out.
 *
 * Sources, `_DEFAULT_AUTH_METHODS`: kilo-eol to mitaka-eol `keystone/common/config.py`, since Newton
 * `keystone/conf/constants.py`; Ocata 11.0.0 added `mapped`, Queens 13.0.0 `application_credential`, and that is
 * still the list in 2026.
 */
export const defaultMethodOrder = {
  kilo: ['external', 'password', 'token', 'oauth1'],
  ocata: ['external', 'password', 'token', 'oauth1', 'mapped'],
  queens: ['external', 'password', 'token', 'oauth1', 'mapped', 'application_credential'],
} as const satisfies Record<string, readonly string[]>

/** What reading needs to know of the cloud's configuration. */
export interface PayloadReadOptions {
  /** `[auth] methods`, in order. At most 32. */
  readonly methodOrder: readonly string[]
  /** `[identity] default_domain_id`; `default` if left out. */
  readonly defaultDomainId?: string
}

/** What writing needs to know besides. */
export interface PayloadOptions extends PayloadReadOptions {
  /** `raw` is what Keystone of 2017 wrote, `bin` what it writes since msgpack 1.0 (2020). */
  readonly family: MsgpackFamily
  /** What a system-scoped payload holds: Queens writes `true`, later releases (and this, by default) `'all'`. */
  readonly systemMarker?: true | 'all'
}

/** A payload that was read. */
export interface UnpackedPayload {
  readonly version: PayloadVersion
  readonly claims: PayloadClaims
  /** The bits as they stood; bits beyond the configured list have no name in `claims.methods`. */
  readonly methodMask: number
  readonly family: MsgpackFamily
  /** `bare`: Kilo before its release, ids without the (is bytes, value) tuple. */
  readonly layout: 'bare' | 'tuple'
  /** Version 8 only. */
  readonly systemMarker?: true | 'all'
}

/** Why a payload cannot be read. */
export interface PayloadProblem {
  /** Either msgpack itself is broken, or the array is not one of the known layouts, or a field is not what it must be. */
  readonly problem:
    MsgpackProblem['problem'] | 'not-an-array' | 'unknown-version' | 'wrong-length' | 'bad-field'
  /** Where and what, without any value. */
  readonly detail: string
}

const methodsMax = 32
/** 9999-12-31T23:59:59Z: Python's datetime ends there. */
const timeSecMax = 253_402_300_799
const uuidHex = /^[0-9a-f]{32}$/
/** Elements of each version's array, the version among them. */
const lengths: Readonly<Record<PayloadVersion, number>> = {
  0: 5,
  1: 6,
  2: 6,
  3: 7,
  4: 8,
  5: 9,
  6: 9,
  7: 7,
  8: 6,
  9: 7,
  10: 8,
}

// ——— methods ———

/**
 * The bits of authentication methods: bit i stands for the i-th configured method.
 * @throws TokenError `unknown-method` (Keystone leaves it out in silence), `bad-claims` for over 32 methods
 */
export const methodsToMask = (methods: readonly string[], order: readonly string[]): number => {
  if (order.length > methodsMax)
    throw new TokenError('bad-claims', `more than ${methodsMax} authentication methods`)
  let mask = 0
  for (const method of methods) {
    const bit = order.indexOf(method)
    if (bit < 0)
      throw new TokenError('unknown-method', `no such authentication method is configured: ${method}`)
    mask |= 1 << bit
  }
  return mask >>> 0
}

/**
 * The methods of a mask, highest bit first, by Keystone's own arithmetic (`convert_integer_to_method_list`):
 * from the highest bit down, a method is in when what is left, divided by its bit, is 1. A mask with bits beyond
 * the list therefore gives none at all. (On Python 3 Mitaka to Queens divide without rounding and lose every mask
 * of two methods or more; on Python 2, where those releases ran, and from Rocky on, they do not.)
 */
export const maskToMethods = (mask: number, order: readonly string[]): string[] => {
  const methods: string[] = []
  let left = mask
  for (let bit = Math.min(order.length, methodsMax) - 1; bit >= 0; bit--) {
    const weight = 2 ** bit
    if (Math.floor(left / weight) !== 1) continue
    methods.push(order[bit] as string)
    left -= weight
  }
  return methods
}

// ——— writing ———

/** The version that carries these claims, chosen as Keystone does (`_determine_payload_class_from_token`). */
export const payloadVersion = (claims: PayloadClaims): PayloadVersion => {
  const { scope } = claims
  const no = (what: string): never => {
    throw new TokenError('bad-claims', `no payload carries ${what} with scope ${scope.kind}`)
  }
  if (claims.accessTokenId !== undefined) return scope.kind === 'project' ? 7 : no('an OAuth access token')
  if (scope.kind === 'trust') return claims.federated === undefined ? 3 : no('federated claims')
  if (claims.federated !== undefined) {
    if (scope.kind === 'unscoped') return 4
    if (scope.kind === 'project') return 5
    return scope.kind === 'domain' ? 6 : no('federated claims')
  }
  if (claims.applicationCredentialId !== undefined) {
    return scope.kind === 'project' ? 9 : no('an application credential')
  }
  if (claims.thumbprint !== undefined) {
    return scope.kind === 'project' || scope.kind === 'domain' ? 10 : no('a thumbprint')
  }
  switch (scope.kind) {
    case 'unscoped':
      return 0
    case 'domain':
      return 1
    case 'project':
      return 2
    case 'system':
      return 8
  }
}

/** The id of a scope that is a project, a trust's project or a domain. */
const scopeId = (scope: Scope): string => {
  if (scope.kind === 'project' || scope.kind === 'trust') return scope.projectId
  if (scope.kind === 'domain') return scope.domainId
  throw new TokenError('bad-claims', `scope ${scope.kind} has no id`)
}

/**
 * (true, 16 bytes) or (false, text). Only ids that come back unchanged are shortened to bytes. Keystone also
 * shortens upper-case and dashed UUIDs, and gets another text back.
 */
export const writeId = (out: MsgpackWriter, id: string): void => {
  out.array(2)
  if (uuidHex.test(id)) out.boolean(true).bytes(Buffer.from(id, 'hex'))
  else out.boolean(false).text(id)
}

const writeFederated = (out: MsgpackWriter, federated: FederatedClaims): void => {
  out.array(federated.groupIds.length)
  for (const id of federated.groupIds) writeId(out, id)
  writeId(out, federated.idpId)
  out.text(federated.protocolId)
}

/** 16 bytes and no tuple: trusts always, domains unless they are the default one. */
const writeBareUuid = (out: MsgpackWriter, id: string, what: string): void => {
  if (!uuidHex.test(id)) throw new TokenError('bad-claims', `a ${what} must be 32 hexadecimal digits`)
  out.bytes(Buffer.from(id, 'hex'))
}

const writeExpiryAndAudit = (out: MsgpackWriter, claims: PayloadClaims): void => {
  const { expiresAtSec, auditIds } = claims
  if (!(expiresAtSec >= 0 && expiresAtSec <= timeSecMax)) {
    throw new TokenError('bad-claims', `expiresAtSec is not a time of this era: ${expiresAtSec}`)
  }
  out.float(expiresAtSec).array(auditIds.length)
  for (const id of auditIds) out.bytes(auditIdToBytes(id))
}

/**
 * Writes a payload. The version follows from the claims; after the version, the user and the methods stand:
 *
 * | version | fields |
 * |---|---|
 * | 0 unscoped | expires, audit |
 * | 1 domain | bare domain, expires, audit |
 * | 2 project | project, expires, audit |
 * | 3 trust | project, expires, audit, bare trust |
 * | 4 federated | [group…], idp, protocol, expires, audit |
 * | 5 / 6 federated project / domain | project or domain, [group…], idp, protocol, expires, audit |
 * | 7 OAuth 1 | project, access token, expires, audit |
 * | 8 system | `true` or "all", expires, audit |
 * | 9 application credential | project, expires, audit, application credential |
 * | 10 OAuth 2 mTLS | project, domain (one of them nil), expires, audit, thumbprint |
 *
 * Not written, since no payload has them: `issuedAtSec`, `trust`.
 *
 * @returns msgpack bytes, the plaintext of a Fernet token
 * @throws TokenError `bad-claims`, `unknown-method`
 */
export const packPayload = (claims: PayloadClaims, options: PayloadOptions): Uint8Array => {
  const version = payloadVersion(claims)
  const out = new MsgpackWriter(options.family)
  const { scope, federated } = claims
  out.array(lengths[version]).uint(version)
  writeId(out, claims.userId)
  out.uint(methodsToMask(claims.methods, options.methodOrder))
  switch (version) {
    case 1: {
      const id = scopeId(scope)
      if (!uuidHex.test(id) && id === (options.defaultDomainId ?? 'default')) out.text(id)
      else writeBareUuid(out, id, 'domain id other than the default one')
      break
    }
    case 5:
    case 6:
    case 2:
    case 3:
    case 7:
    case 9:
      writeId(out, scopeId(scope))
      break
    case 8:
      if (options.systemMarker === true) out.boolean(true)
      else out.text('all')
      break
    case 10:
      if (scope.kind === 'domain') out.array(2).boolean(false).nil()
      writeId(out, scopeId(scope))
      if (scope.kind !== 'domain') out.array(2).boolean(false).nil()
      break
    case 0:
    case 4:
      break
  }
  if (federated !== undefined && version >= 4 && version <= 6) writeFederated(out, federated)
  if (version === 7) writeId(out, claims.accessTokenId as string)
  writeExpiryAndAudit(out, claims)
  if (version === 3 && scope.kind === 'trust') writeBareUuid(out, scope.trustId, 'trust id')
  if (version === 9) writeId(out, claims.applicationCredentialId as string)
  if (version === 10)
    out
      .array(2)
      .boolean(false)
      .text(claims.thumbprint as string)
  return out.finish()
}

// ——— reading ———

/** Thrown and caught inside this file only. */
class BadField extends Error {}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const isString = (value: MsgpackValue | undefined): value is MsgpackString =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isArray = (value: MsgpackValue | undefined): value is readonly MsgpackValue[] => Array.isArray(value)

const toHex = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')

/** Bytes of printable ASCII only. No UUID of version 4 is: its ninth byte is 0x80 or more. */
const isPrintable = (bytes: Uint8Array): boolean => bytes.every((byte) => byte >= 0x20 && byte < 0x7f)

/** The fields of one payload, taken from left to right. */
class Fields {
  layout: UnpackedPayload['layout'] = 'tuple'
  private at = 1
  private readonly items: readonly MsgpackValue[]
  private readonly family: MsgpackFamily
  private readonly defaultDomainId: string
  constructor(items: readonly MsgpackValue[], family: MsgpackFamily, defaultDomainId: string) {
    this.items = items
    this.family = family
    this.defaultDomainId = defaultDomainId
  }

  private next(): MsgpackValue | undefined {
    return this.items[this.at++]
  }

  private text(value: MsgpackValue | undefined, field: string): string {
    if (!isString(value)) throw new BadField(`${field} is not a text`)
    try {
      return strictUtf8.decode(value.bytes)
    } catch {
      throw new BadField(`${field} is not UTF-8`)
    }
  }

  /** 16 bytes, unless the newer family says that they are a text. */
  private mayBeUuid(value: MsgpackString): boolean {
    return value.bytes.length === 16 && (value.form === 'bin' || this.family === 'raw')
  }

  private uuid(value: MsgpackValue | undefined, field: string): string {
    if (!isString(value) || value.bytes.length !== 16) throw new BadField(`${field} is not 16 bytes`)
    return toHex(value.bytes)
  }

  /** Of (true, bytes), (false, text), (false, nil), or in Kilo's first layout the value alone. */
  private idOf(value: MsgpackValue | undefined, field: string): string | null {
    if (isArray(value)) {
      const [isBytes, id] = value
      if (value.length !== 2 || typeof isBytes !== 'boolean') throw new BadField(`${field} is not a pair`)
      if (isBytes) return this.uuid(id, field)
      return id === null ? null : this.text(id, field)
    }
    this.layout = 'bare'
    if (isString(value) && this.mayBeUuid(value) && !isPrintable(value.bytes)) return toHex(value.bytes)
    return this.text(value, field)
  }

  optionalId(field: string): string | null {
    return this.idOf(this.next(), field)
  }

  id(field: string): string {
    const id = this.optionalId(field)
    if (id === null) throw new BadField(`${field} is nil`)
    return id
  }

  /** Keystone refuses any text but the default domain's id; this reads it, for it may not know the configuration. */
  domain(): string {
    const value = this.next()
    if (!isString(value)) throw new BadField('domain is not a string')
    const isDefault = Buffer.from(this.defaultDomainId).equals(value.bytes)
    return this.mayBeUuid(value) && !isDefault ? toHex(value.bytes) : this.text(value, 'domain')
  }

  trust(): string {
    return this.uuid(this.next(), 'trust')
  }

  mask(): number {
    const value = this.next()
    if (typeof value !== 'number' || !Number.isSafeInteger(value) || value < 0)
      throw new BadField('methods is no mask')
    return value
  }

  system(): true | 'all' {
    const value = this.next()
    if (value === true) return true
    if (isString(value) && this.text(value, 'system') === 'all') return 'all'
    throw new BadField('system is neither true nor "all"')
  }

  federated(): FederatedClaims {
    const groups = this.next()
    if (!isArray(groups)) throw new BadField('groups is not a list')
    const groupIds = groups.map((group) => {
      const id = this.idOf(group, 'group')
      if (id === null) throw new BadField('group is nil')
      return id
    })
    return { groupIds, idpId: this.id('identity provider'), protocolId: this.text(this.next(), 'protocol') }
  }

  expiresAtSec(): number {
    const value = this.next()
    if (typeof value !== 'number' || !(value >= 0 && value <= timeSecMax))
      throw new BadField('expires is not a time')
    return value
  }

  auditIds(): string[] {
    const value = this.next()
    if (!isArray(value)) throw new BadField('audit ids is not a list')
    return value.map((id) => {
      if (!isString(id) || id.bytes.length !== auditIdBytes) throw new BadField('audit id is not 16 bytes')
      return auditId(id.bytes)
    })
  }
}

type Variant = Partial<Omit<PayloadClaims, 'userId' | 'methods'>> &
  Pick<PayloadClaims, 'expiresAtSec' | 'auditIds' | 'scope'>

/** What follows the user and the methods. Properties are evaluated in the order of the fields on the wire. */
const readVariant = (version: PayloadVersion, fields: Fields): Variant & { systemMarker?: true | 'all' } => {
  const expiryAndAudit = (): Pick<Variant, 'expiresAtSec' | 'auditIds'> => ({
    expiresAtSec: fields.expiresAtSec(),
    auditIds: fields.auditIds(),
  })
  const project = (): Scope => ({ kind: 'project', projectId: fields.id('project') })
  switch (version) {
    case 0:
      return { scope: { kind: 'unscoped' }, ...expiryAndAudit() }
    case 1:
      return { scope: { kind: 'domain', domainId: fields.domain() }, ...expiryAndAudit() }
    case 2:
      return { scope: project(), ...expiryAndAudit() }
    case 3: {
      const projectId = fields.id('project')
      const both = expiryAndAudit()
      return { scope: { kind: 'trust', projectId, trustId: fields.trust() }, ...both }
    }
    case 4:
      return { scope: { kind: 'unscoped' }, federated: fields.federated(), ...expiryAndAudit() }
    case 5:
      return { scope: project(), federated: fields.federated(), ...expiryAndAudit() }
    case 6:
      return {
        scope: { kind: 'domain', domainId: fields.id('domain') },
        federated: fields.federated(),
        ...expiryAndAudit(),
      }
    case 7:
      return { scope: project(), accessTokenId: fields.id('access token'), ...expiryAndAudit() }
    case 8:
      return { scope: { kind: 'system' }, systemMarker: fields.system(), ...expiryAndAudit() }
    case 9:
      return {
        scope: project(),
        ...expiryAndAudit(),
        applicationCredentialId: fields.id('application credential'),
      }
    case 10: {
      const projectId = fields.optionalId('project')
      const domainId = fields.optionalId('domain')
      if ((projectId === null) === (domainId === null)) throw new BadField('not one of project and domain')
      const scope: Scope =
        projectId === null ? { kind: 'domain', domainId: domainId as string } : { kind: 'project', projectId }
      return { scope, ...expiryAndAudit(), thumbprint: fields.id('thumbprint') }
    }
  }
}

const isVersion = (value: MsgpackValue | undefined): value is PayloadVersion =>
  typeof value === 'number' && Object.hasOwn(lengths, value)

/**
 * Reads a payload of any version, in both msgpack families and in Kilo's first layout. Never throws.
 * Bounded: {@link decodeMsgpack} refuses what no payload can be.
 */
export const unpackPayload = (
  bytes: Uint8Array,
  options: PayloadReadOptions,
): UnpackedPayload | PayloadProblem => {
  const document = decodeMsgpack(bytes)
  if ('problem' in document) return { problem: document.problem, detail: `at byte ${document.atByte}` }
  const { value, family } = document
  if (!isArray(value)) return { problem: 'not-an-array', detail: 'a payload is an array' }
  const version = value[0]
  if (!isVersion(version))
    return { problem: 'unknown-version', detail: 'the first element is no known version' }
  if (value.length !== lengths[version]) {
    return {
      problem: 'wrong-length',
      detail: `version ${version} has ${lengths[version]} elements, not ${value.length}`,
    }
  }
  const fields = new Fields(value, family, options.defaultDomainId ?? 'default')
  try {
    const userId = fields.id('user')
    const methodMask = fields.mask()
    const methods = maskToMethods(methodMask, options.methodOrder)
    const { systemMarker, ...variant } = readVariant(version, fields)
    return {
      version,
      claims: { userId, methods, ...variant },
      methodMask,
      family,
      layout: fields.layout,
      ...(systemMarker === undefined ? {} : { systemMarker }),
    }
  } catch (error) {
    if (error instanceof BadField) return { problem: 'bad-field', detail: error.message }
    throw error
  }
}
