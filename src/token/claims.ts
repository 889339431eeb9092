// What a token says, in one shape for both formats and all payload versions.
// It exists so that identity logic never sees a payload or a row of the token table.

/**
 * What a token is good for. One of these, never two.
 * A trust's scope names its project too, since that is where its roles hold.
 */
export type Scope =
  | { readonly kind: 'unscoped' }
  | { readonly kind: 'project'; readonly projectId: string }
  | { readonly kind: 'domain'; readonly domainId: string }
  | { readonly kind: 'system' }
  | { readonly kind: 'trust'; readonly projectId: string; readonly trustId: string }

/** Where a federated user came from. Ids are 32 hexadecimal digits or any other text. */
export interface FederatedClaims {
  readonly groupIds: readonly string[]
  readonly idpId: string
  readonly protocolId: string
}

/** The people of a trust. A Fernet payload does not carry them, a row of the token table does. */
export interface TrustClaims {
  readonly trustorId: string
  readonly trusteeId: string
  readonly impersonation: boolean
}

/** What a token says. */
export interface Claims {
  /**
   * Whose token it is. In a trust's token: the trustor when the trust impersonates, else the trustee
   * (Mitaka to Queens; later releases write the trustee into the payload always).
   */
  readonly userId: string
  /** Keystone's names: `password`, `token`, `totp`, … */
  readonly methods: readonly string[]
  /** Base64url of 16 bytes without `==`, 22 characters: the token's own, then the first of its chain. */
  readonly auditIds: readonly string[]
  /** Seconds since 1970. A Fernet token keeps whole seconds only. */
  readonly issuedAtSec: number
  /** Seconds since 1970, with a fraction. */
  readonly expiresAtSec: number
  readonly scope: Scope
  readonly federated?: FederatedClaims
  readonly applicationCredentialId?: string
  /** Of OAuth 1. */
  readonly accessTokenId?: string
  /** Of the client's certificate, OAuth 2 with mutual TLS: base64url of its SHA-256. */
  readonly thumbprint?: string
  /** When known. */
  readonly trust?: TrustClaims
}

/** What a payload holds of the claims: all but the issue time, which is the Fernet timestamp. */
export type PayloadClaims = Omit<Claims, 'issuedAtSec'>
