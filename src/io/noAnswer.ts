// Why a server gave no answer at all, in words, and what would help: the name, the port, the certificate.
// It exists because what Node says of a failed connection is a code, or for a name with several addresses nothing.

const byUnknownAuthority =
  'its certificate is by an authority that is not trusted here; name the file with the certificate of that authority: ' +
  '`cacert` in clouds.yaml, or OS_CACERT (those of this system are often in /etc/ssl/certs/ca-certificates.crt)'

const noTls = 'no TLS is spoken there; if that is meant, write http:// in auth_url'

const words: Readonly<Record<string, string>> = {
  DEPTH_ZERO_SELF_SIGNED_CERT: byUnknownAuthority,
  SELF_SIGNED_CERT_IN_CHAIN: byUnknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT: byUnknownAuthority,
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: byUnknownAuthority,
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: byUnknownAuthority,
  CERT_UNTRUSTED: byUnknownAuthority,
  CERT_SIGNATURE_FAILURE: byUnknownAuthority,
  CERT_HAS_EXPIRED: 'its certificate has expired',
  CERT_NOT_YET_VALID: 'its certificate is not yet valid; look at the clocks of both machines',
  EPROTO: noTls,
  ERR_SSL_WRONG_VERSION_NUMBER: noTls,
  ECONNREFUSED: 'nobody listens there',
  ENOTFOUND: 'the name has no address',
  EHOSTUNREACH: 'there is no way to that address',
  ENETUNREACH: 'there is no way to that address',
  UND_ERR_CONNECT_TIMEOUT: 'no connection in time',
  UND_ERR_HEADERS_TIMEOUT: 'no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped in the middle',
  UND_ERR_SOCKET:
    'the connection was closed without an answer; if TLS is spoken there, write https:// in auth_url',
}

const codeOf = (error: unknown): string => {
  const { code } = (error ?? {}) as { readonly code?: unknown }
  return typeof code === 'string' ? code : ''
}

/** A sentence without a full stop. An address that was tried in several ways says what each of them said first. */
export const whyNoAnswer = (error: unknown): string => {
  const told = error instanceof AggregateError && codeOf(error) === '' ? (error.errors[0] as unknown) : error
  const code = codeOf(told)
  const message = told instanceof Error ? told.message : String(told)
  // Its message names the host and for whom the certificate is.
  if (code === 'ERR_TLS_CERT_ALTNAME_INVALID') return `its certificate is for another name: ${message}`
  if (message.includes('before secure TLS connection')) return noTls
  const known = words[code]
  if (known !== undefined) return code.startsWith('UND_') ? known : `${known} (${code})`
  return message === '' ? code : message
}
