// Reads the payload of a Fernet token: any version, both msgpack families, and the layout that Kilo began with.
// Never throws and is bounded, because what it reads was signed by us but need not have been written by us.

import type { PayloadClaims, Scope } from './claims.js'
import { maskToMethods } from './methods.js'
import { decodeMsgpack } from './msgpack.js'
import type { MsgpackValue } from './msgpack.js'
import { payloadLengths } from './payload.js'
import type { PayloadProblem, PayloadReadOptions, PayloadVersion, UnpackedPayload } from './payload.js'
import { BadField, isArray, PayloadFields } from './payloadFields.js'

/** What every payload begins with. */
interface Head {
  readonly userId: string
  readonly methods: readonly string[]
}

const projectOf = (fields: PayloadFields): Scope => ({ kind: 'project', projectId: fields.id('project') })

const scopeOfThumbprint = (fields: PayloadFields): Scope => {
  const projectId = fields.optionalId('project')
  const domainId = fields.optionalId('domain')
  if (projectId !== null && domainId === null) return { kind: 'project', projectId }
  if (projectId === null && domainId !== null) return { kind: 'domain', domainId }
  throw new BadField('not one of project and domain')
}

/**
 * What follows the user and the methods. Properties are evaluated in the order of the fields on the wire; each object is
 * written out, because putting one together of others costs as much as the deciphering.
 */
const readClaims = (
  version: PayloadVersion,
  fields: PayloadFields,
  { userId, methods }: Head,
): PayloadClaims => {
  const expires = (): number => fields.expiresAtSec()
  const audit = (): readonly string[] => fields.auditIds()
  switch (version) {
    case 0:
      return { userId, methods, scope: { kind: 'unscoped' }, expiresAtSec: expires(), auditIds: audit() }
    case 1: {
      const scope: Scope = { kind: 'domain', domainId: fields.domain() }
      return { userId, methods, scope, expiresAtSec: expires(), auditIds: audit() }
    }
    case 2:
      return { userId, methods, scope: projectOf(fields), expiresAtSec: expires(), auditIds: audit() }
    case 3: {
      const projectId = fields.id('project')
      const expiresAtSec = expires()
      const auditIds = audit()
      const scope: Scope = { kind: 'trust', projectId, trustId: fields.trust() }
      return { userId, methods, scope, expiresAtSec, auditIds }
    }
    case 4: {
      const federated = fields.federated()
      const scope: Scope = { kind: 'unscoped' }
      return { userId, methods, scope, federated, expiresAtSec: expires(), auditIds: audit() }
    }
    case 5: {
      const scope = projectOf(fields)
      const federated = fields.federated()
      return { userId, methods, scope, federated, expiresAtSec: expires(), auditIds: audit() }
    }
    case 6: {
      const scope: Scope = { kind: 'domain', domainId: fields.id('domain') }
      const federated = fields.federated()
      return { userId, methods, scope, federated, expiresAtSec: expires(), auditIds: audit() }
    }
    case 7: {
      const scope = projectOf(fields)
      const accessTokenId = fields.id('access token')
      return { userId, methods, scope, accessTokenId, expiresAtSec: expires(), auditIds: audit() }
    }
    case 8: {
      fields.system()
      return { userId, methods, scope: { kind: 'system' }, expiresAtSec: expires(), auditIds: audit() }
    }
    case 9: {
      const scope = projectOf(fields)
      const expiresAtSec = expires()
      const auditIds = audit()
      const applicationCredentialId = fields.id('application credential')
      return { userId, methods, scope, expiresAtSec, auditIds, applicationCredentialId }
    }
    case 10: {
      const scope = scopeOfThumbprint(fields)
      const expiresAtSec = expires()
      const auditIds = audit()
      return { userId, methods, scope, expiresAtSec, auditIds, thumbprint: fields.id('thumbprint') }
    }
  }
}

const isVersion = (value: MsgpackValue | undefined): value is PayloadVersion =>
  typeof value === 'number' && payloadLengths[value as PayloadVersion] !== undefined

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
  if (value.length !== payloadLengths[version]) {
    return {
      problem: 'wrong-length',
      detail: `version ${version} has ${payloadLengths[version]} elements, not ${value.length}`,
    }
  }
  const fields = new PayloadFields(value, { from: 1, family, defaultDomainId: options.defaultDomainId })
  try {
    const userId = fields.id('user')
    const methodMask = fields.mask()
    const methods = maskToMethods(methodMask, options.methodOrder)
    const claims = readClaims(version, fields, { userId, methods })
    const { layout, systemMarker } = fields
    return systemMarker === undefined
      ? { version, claims, methodMask, family, layout }
      : { version, claims, methodMask, family, layout, systemMarker }
  } catch (error) {
    if (error instanceof BadField) return { problem: 'bad-field', detail: error.message }
    throw error
  }
}
