// Reads the payload of a Fernet token: any version, both msgpack families, and the layout that Kilo began with.
// Never throws and is bounded, because what it reads was signed by us but need not have been written by us.

import type { PayloadClaims, Scope } from './claims.js'
import { maskToMethods } from './methods.js'
import { decodeMsgpack } from './msgpack.js'
import type { MsgpackValue } from './msgpack.js'
import { payloadLengths } from './payload.js'
import type { PayloadProblem, PayloadReadOptions, PayloadVersion, UnpackedPayload } from './payload.js'
import { BadField, isArray, PayloadFields } from './payloadFields.js'

type Variant = Partial<Omit<PayloadClaims, 'userId' | 'methods'>> &
  Pick<PayloadClaims, 'expiresAtSec' | 'auditIds' | 'scope'>

/** What follows the user and the methods. Properties are evaluated in the order of the fields on the wire. */
const readVariant = (
  version: PayloadVersion,
  fields: PayloadFields,
): Variant & { systemMarker?: true | 'all' } => {
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
  typeof value === 'number' && Object.hasOwn(payloadLengths, value)

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
  const fields = new PayloadFields(value, { ...options, from: 1, family })
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
