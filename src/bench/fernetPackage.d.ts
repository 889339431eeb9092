// Types of the npm package `fernet`, as far as it is used here: the peer of our codec in tests and benchmarks.
// The package has none of its own.

declare module 'fernet' {
  class Secret {
    constructor(secretBase64Url: string)
  }
  interface TokenOptions {
    secret: Secret
    /** The text to open. */
    token?: string
    /** What `Date.parse` reads; now if left out. */
    time?: string
    /** 16 numbers; random if left out. */
    iv?: number[]
    /** Seconds; 0 for no limit. */
    ttl?: number
  }
  class Token {
    constructor(options: TokenOptions)
    encode(message: string): string
    decode(token?: string): string
  }
  const fernet: { readonly Secret: typeof Secret; readonly Token: typeof Token }
  export default fernet
}
