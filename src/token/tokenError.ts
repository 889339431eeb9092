// The one exception of the token core, with a code that callers and tests can rely on.
// It exists because bad keys and impossible claims must be told apart without reading messages.

/**
 * What went wrong.
 *
 * - `bad-key`: a text is not a Fernet key (32 bytes, padded base64url)
 * - `bad-iv`, `bad-timestamp`: an argument to sealing is out of range
 * - `bad-claims`: no payload of Keystone can carry these claims
 * - `unknown-method`: an authentication method is not in the configured list
 * - `bad-max-active-keys`: see {@link checkMaxActiveKeys} in `keyring.ts`
 * - `no-keys`: a ring without any key
 * - `no-staged-key`: a rotation needs key 0, and it is not there
 * - `no-such-file`: a step of a rotation names a file that is not there
 * - `bad-random-bytes`: random material of the wrong length
 * - `bad-duration`: a duration that is not a positive number
 */
export type TokenErrorCode =
  | 'bad-key'
  | 'bad-iv'
  | 'bad-timestamp'
  | 'bad-claims'
  | 'unknown-method'
  | 'bad-max-active-keys'
  | 'no-keys'
  | 'no-staged-key'
  | 'no-such-file'
  | 'bad-random-bytes'
  | 'bad-duration'

/** An error of the token core. Messages never contain key material. */
export class TokenError extends Error {
  override readonly name = 'TokenError'
  readonly code: TokenErrorCode
  /** The key files at fault, where files are. */
  readonly files: readonly string[]
  constructor(code: TokenErrorCode, message: string, files: readonly string[] = []) {
    super(message)
    this.code = code
    this.files = files
  }
}
