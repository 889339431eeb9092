// The fields of a payload, taken from left to right and checked one by one.
// It knows every form in which Keystone ever wrote an id, so that the layouts need not.

import { auditId, auditIdBytes } from './audit.js'
import type { FederatedClaims } from './claims.js'
import type { MsgpackFamily, MsgpackString, MsgpackValue } from './msgpack.js'
import { timeSecMax } from './payload.js'
import type { UnpackedPayload } from './payload.js'

/** A field that is not what it must be. Thrown by `PayloadFields`, caught by whoever reads with it. */
export class BadField extends Error {}

const strictUtf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

const isString = (value: MsgpackValue | undefined): value is MsgpackString =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

export const isArray = (value: MsgpackValue | undefined): value is readonly MsgpackValue[] =>
  Array.isArray(value)

const toHex = (bytes: Uint8Array): string =>
  (bytes instanceof Buffer ? bytes : Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength)).toString(
    'hex',
  )

/** Bytes of printable ASCII only. No UUID of version 4 is: its ninth byte is 0x80 or more. */
const isPrintable = (bytes: Uint8Array): boolean => bytes.every((byte) => byte >= 0x20 && byte < 0x7f)

/** The fields of one payload, taken from left to right; each method throws BadField if the next one is not such. */
export class PayloadFields {
  layout: UnpackedPayload['layout'] = 'tuple'
  /** How the scope was written, if it is the system. */
  systemMarker: UnpackedPayload['systemMarker']
  private at: number
  private readonly items: readonly MsgpackValue[]
  private readonly family: MsgpackFamily
  private readonly defaultDomainId: string
  /** @param options.from the element to begin with: a payload's first is its version, a receipt has none */
  constructor(
    items: readonly MsgpackValue[],
    options: {
      readonly from: 0 | 1
      readonly family: MsgpackFamily
      readonly defaultDomainId?: string | undefined
    },
  ) {
    this.items = items
    this.at = options.from
    this.family = options.family
    this.defaultDomainId = options.defaultDomainId ?? 'default'
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

  system(): void {
    const value = this.next()
    if (value === true) this.systemMarker = true
    else if (isString(value) && this.text(value, 'system') === 'all') this.systemMarker = 'all'
    else throw new BadField('system is neither true nor "all"')
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
