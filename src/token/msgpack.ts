// The part of msgpack (https://github.com/msgpack/msgpack/blob/master/spec.md) that Keystone's payloads use.
// Our own because both families of byte strings must be written exactly, and read without turning ids into text.

/**
 * How bytes and texts are written.
 *
 * - `raw`: msgpack for Python before 1.0. Bytes and texts alike are *raw* (`a0`…, `da`, `db`): 16 bytes are `b0` + 16.
 * - `bin`: since 1.0. Bytes are *bin* (`c4`…: 16 bytes are `c4 10` + 16), texts are *str* with its short form `d9`.
 */
export type MsgpackFamily = 'raw' | 'bin'

/** A string as it stood on the wire. Whether a `str` is a text or 16 raw bytes, only the reader of the field knows. */
export interface MsgpackString {
  readonly form: 'str' | 'bin'
  readonly bytes: Uint8Array
}

/** What a payload can hold. Whole numbers and floats are both numbers here. */
export type MsgpackValue = null | boolean | number | MsgpackString | readonly MsgpackValue[]

/** A payload's bytes at most; real ones are below 1 KB, and an HTTP header is below 16 KB. */
export const msgpackBytesMax = 65_536
const depthMax = 4
const valuesMax = 8_192

/** Why bytes are not a payload, and where. */
export interface MsgpackProblem {
  readonly problem:
    'too-long' | 'truncated' | 'trailing-bytes' | 'too-deep' | 'too-many-values' | 'unsupported-type'
  /** Offset of the value at fault. */
  readonly atByte: number
}

/** A decoded document. */
export interface MsgpackDocument {
  readonly value: MsgpackValue
  /** `bin` when any form occurred that only msgpack ≥ 1.0 writes. */
  readonly family: MsgpackFamily
}

/** Thrown and caught inside this file only. */
class Refusal extends Error {
  readonly reason: MsgpackProblem
  constructor(problem: MsgpackProblem['problem'], atByte: number) {
    super(problem)
    this.reason = { problem, atByte }
  }
}

class Reader {
  family: MsgpackFamily = 'raw'
  at = 0
  private values = 0
  private readonly bytes: Uint8Array
  private readonly view: DataView
  constructor(bytes: Uint8Array) {
    this.bytes = bytes
    this.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength)
  }

  read(depth: number): MsgpackValue {
    if (++this.values > valuesMax) throw new Refusal('too-many-values', this.at)
    const start = this.at
    const type = this.view.getUint8(this.take(1))
    if (type <= 0x7f) return type
    if (type >= 0xe0) return type - 0x100
    if (type >= 0xa0 && type <= 0xbf) return this.string('str', type & 0x1f)
    if (type >= 0x90 && type <= 0x9f) return this.array(type & 0x0f, depth)
    switch (type) {
      case 0xc0:
        return null
      case 0xc2:
        return false
      case 0xc3:
        return true
      case 0xc4:
        return this.string('bin', this.view.getUint8(this.take(1)))
      case 0xc5:
        return this.string('bin', this.view.getUint16(this.take(2)))
      case 0xc6:
        return this.string('bin', this.view.getUint32(this.take(4)))
      case 0xca:
        return this.view.getFloat32(this.take(4))
      case 0xcb:
        return this.view.getFloat64(this.take(8))
      case 0xcc:
        return this.view.getUint8(this.take(1))
      case 0xcd:
        return this.view.getUint16(this.take(2))
      case 0xce:
        return this.view.getUint32(this.take(4))
      case 0xcf:
        return Number(this.view.getBigUint64(this.take(8)))
      case 0xd0:
        return this.view.getInt8(this.take(1))
      case 0xd1:
        return this.view.getInt16(this.take(2))
      case 0xd2:
        return this.view.getInt32(this.take(4))
      case 0xd3:
        return Number(this.view.getBigInt64(this.take(8)))
      case 0xd9:
        this.family = 'bin'
        return this.string('str', this.view.getUint8(this.take(1)))
      case 0xda:
        return this.string('str', this.view.getUint16(this.take(2)))
      case 0xdb:
        return this.string('str', this.view.getUint32(this.take(4)))
      case 0xdc:
        return this.array(this.view.getUint16(this.take(2)), depth)
      case 0xdd:
        return this.array(this.view.getUint32(this.take(4)), depth)
      default:
        throw new Refusal('unsupported-type', start)
    }
  }

  /** Moves over so many bytes and tells where they began. Every length is checked here, before anything is made. */
  private take(count: number): number {
    const start = this.at
    if (count > this.bytes.length - start) throw new Refusal('truncated', start)
    this.at = start + count
    return start
  }

  private string(form: MsgpackString['form'], length: number): MsgpackString {
    if (form === 'bin') this.family = 'bin'
    const start = this.take(length)
    return { form, bytes: this.bytes.subarray(start, start + length) }
  }

  private array(length: number, depth: number): MsgpackValue[] {
    if (depth >= depthMax) throw new Refusal('too-deep', this.at)
    // Each element takes a byte at least, so a length beyond the rest is a lie.
    if (length > this.bytes.length - this.at) throw new Refusal('truncated', this.at)
    const items: MsgpackValue[] = []
    for (let i = 0; i < length; i++) items.push(this.read(depth + 1))
    return items
  }
}

/**
 * Reads one document that fills the bytes. Maps and extensions, which no payload has, are refused, and so is
 * anything deeper, longer or larger than a payload can be. Never throws.
 */
export const decodeMsgpack = (bytes: Uint8Array): MsgpackDocument | MsgpackProblem => {
  if (bytes.length > msgpackBytesMax) return { problem: 'too-long', atByte: 0 }
  const reader = new Reader(bytes)
  try {
    const value = reader.read(0)
    if (reader.at !== bytes.length) return { problem: 'trailing-bytes', atByte: reader.at }
    return { value, family: reader.family }
  } catch (error) {
    if (error instanceof Refusal) return error.reason
    throw error
  }
}

/** Writes values one after the other, byte for byte as `msgpack.packb` of Python would. */
export class MsgpackWriter {
  private buffer = new Uint8Array(256)
  private view = new DataView(this.buffer.buffer)
  private length = 0
  private readonly family: MsgpackFamily
  constructor(family: MsgpackFamily) {
    this.family = family
  }

  /** The head of an array; its elements follow. */
  array(length: number): this {
    if (length < 16) return this.byte(0x90 | length)
    return length < 0x1_0000 ? this.head16(0xdc, length) : this.head32(0xdd, length)
  }

  nil(): this {
    return this.byte(0xc0)
  }

  boolean(value: boolean): this {
    return this.byte(value ? 0xc3 : 0xc2)
  }

  /** A whole number in 0 … 2³²−1, in its shortest form. */
  uint(value: number): this {
    if (value < 0x80) return this.byte(value)
    if (value < 0x100) return this.byte(0xcc).byte(value)
    return value < 0x1_0000 ? this.head16(0xcd, value) : this.head32(0xce, value)
  }

  /** Always eight bytes after `cb`, also for whole numbers: Python's float stays a float. */
  float(value: number): this {
    this.byte(0xcb)
    const at = this.grow(8)
    this.view.setFloat64(at, value)
    return this
  }

  /** Python's `bytes`. */
  bytes(value: Uint8Array): this {
    if (this.family === 'raw') return this.rawHead(value.length).append(value)
    if (value.length < 0x100) return this.byte(0xc4).byte(value.length).append(value)
    return (
      value.length < 0x1_0000 ? this.head16(0xc5, value.length) : this.head32(0xc6, value.length)
    ).append(value)
  }

  /** Python's `str`. */
  text(value: string): this {
    const bytes = Buffer.from(value, 'utf8')
    const { length } = bytes
    if (this.family === 'bin' && length >= 32 && length < 0x100)
      return this.byte(0xd9).byte(length).append(bytes)
    return this.rawHead(length).append(bytes)
  }

  /** What has been written, in memory of its own. */
  finish(): Uint8Array {
    return this.buffer.slice(0, this.length)
  }

  private rawHead(length: number): this {
    if (length < 32) return this.byte(0xa0 | length)
    return length < 0x1_0000 ? this.head16(0xda, length) : this.head32(0xdb, length)
  }

  private byte(value: number): this {
    const at = this.grow(1)
    this.buffer[at] = value
    return this
  }

  private head16(type: number, value: number): this {
    this.byte(type)
    const at = this.grow(2)
    this.view.setUint16(at, value)
    return this
  }

  private head32(type: number, value: number): this {
    this.byte(type)
    const at = this.grow(4)
    this.view.setUint32(at, value)
    return this
  }

  private append(bytes: Uint8Array): this {
    const at = this.grow(bytes.length)
    this.buffer.set(bytes, at)
    return this
  }

  /** Makes room and returns where it begins; may replace `buffer` and `view`. */
  private grow(count: number): number {
    const at = this.length
    this.length = at + count
    if (this.length > this.buffer.length) {
      const larger = new Uint8Array(Math.max(this.length, this.buffer.length * 2))
      larger.set(this.buffer)
      this.buffer = larger
      this.view = new DataView(larger.buffer)
    }
    return at
  }
}
