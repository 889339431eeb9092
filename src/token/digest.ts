// Hashes and encodings of bytes that ids and secrets of the API are made by.
// They stand here because this is the one pure folder that may use node:crypto and Buffer.
import { createHash } from 'node:crypto'

/** SHA-256 of a text in UTF-8, as 64 hexadecimal digits: the id of an EC2 credential is that of its access key. */
export const sha256Hex = (text: string): string => createHash('sha256').update(text, 'utf8').digest('hex')

/** Base64url without `=`, as generated secrets are written. */
export const base64Url = (bytes: Uint8Array): string =>
  Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('base64url')
