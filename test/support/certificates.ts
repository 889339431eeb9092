// An authority of our own and a server's certificate by it, made by openssl as an operator makes them.
// It exists so that TLS is tried with certificates that no system trusts.
import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import path from 'node:path'

export interface Certificates {
  /** PEM files. */
  readonly authorityFile: string
  /** Of another authority, by which nothing was signed. */
  readonly strangerFile: string
  readonly certificate: string
  readonly key: string
}

const openssl = (...words: readonly string[]): void => {
  execFileSync('openssl', words, { stdio: ['ignore', 'ignore', 'pipe'] })
}

/** Keys of elliptic curves: they take no time. */
const freshKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-days', '2']

/** For `localhost` and 127.0.0.1, valid for two days. */
export const makeCertificates = (folder: string): Certificates => {
  mkdirSync(folder, { recursive: true })
  const file = (name: string): string => path.join(folder, name)
  for (const name of ['authority', 'stranger']) {
    const out = ['-keyout', file(`${name}.key`), '-out', file(`${name}.pem`)]
    openssl('req', '-x509', ...freshKey, ...out, '-subj', `/CN=${name} of our own`)
  }
  writeFileSync(file('server.ext'), 'subjectAltName=DNS:localhost,IP:127.0.0.1\n')
  const request = [...freshKey.slice(0, -2), '-keyout', file('server.key'), '-out', file('server.csr')]
  openssl('req', ...request, '-subj', '/CN=localhost')
  const by = ['-CA', file('authority.pem'), '-CAkey', file('authority.key'), '-CAcreateserial', '-days', '2']
  const files = ['-in', file('server.csr'), '-extfile', file('server.ext'), '-out', file('server.pem')]
  openssl('x509', '-req', ...by, ...files)
  return {
    authorityFile: file('authority.pem'),
    strangerFile: file('stranger.pem'),
    certificate: readFileSync(file('server.pem'), 'utf8'),
    key: readFileSync(file('server.key'), 'utf8'),
  }
}
