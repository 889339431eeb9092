// What is needed to log in at a Keystone: its address, who one is, in which scope, and whom TLS trusts.
// It exists so that everything that talks to a given Keystone checks its settings once, all of them, before the first request.
import { InputError, type Problem } from '../../base/errors.js'
import type { CloudEntry } from './cloudEntry.js'
import { Secret } from './secret.js'

/** Something of Keystone's by its id, or by its name in a domain. */
export type Named =
  { readonly id: string } | { readonly name: string; readonly domain: { id: string } | { name: string } }

/** How one proves who one is. */
export type Proof =
  | { readonly kind: 'password'; readonly user: Named; readonly password: Secret }
  | {
      readonly kind: 'application-credential'
      /** By name, the user that it belongs to is needed as well. */
      readonly credential: { readonly id: string } | { readonly name: string; readonly user: Named }
      readonly secret: Secret
    }

/** Null: unscoped, or with an application credential, which has its own. */
export type AccessScope =
  | { readonly project: Named }
  | { readonly domain: { readonly id: string } | { readonly name: string } }
  | { readonly system: { readonly all: true } }
  | null

export interface CloudAccess {
  /** Where it was read: `cloud dev of clouds.yaml`. */
  readonly origin: string
  /** With `/v3`, without a slash at its end. */
  readonly url: string
  readonly proof: Proof
  readonly scope: AccessScope
  readonly tls: {
    readonly verify: boolean
    /** Paths as they were written; `~` is the home. */
    readonly caFile: string | null
    readonly certFile: string | null
    readonly keyFile: string | null
  }
  readonly region: string | null
  readonly interface: 'public' | 'internal' | 'admin'
}

/** Reads keys of an entry and gathers what is wrong with them. No message repeats a value: it may be a secret. */
class Reader {
  readonly problems: Problem[] = []
  readonly entry: CloudEntry

  constructor(entry: CloudEntry) {
    this.entry = entry
  }

  wrong(key: string, message: string, remedy?: string): void {
    this.problems.push(this.entry.problem(key, message, remedy))
  }

  /** The first of several names of one thing that has a value. */
  text(...keys: readonly string[]): string | null {
    for (const key of keys) {
      const value = this.entry.values.get(key)
      if (value === undefined || value === null || value === '') continue
      if (typeof value === 'string') return value
      this.wrong(key, 'expected a text', 'put it in quotes')
      return null
    }
    return null
  }

  /** Whether something is so; null where nothing is said. */
  flag(key: string): boolean | null {
    const value = this.entry.values.get(key)
    if (value === undefined || value === null || value === '') return null
    if (typeof value === 'boolean') return value
    if (typeof value === 'string' && /^(?:true|yes|on|1)$/i.test(value)) return true
    if (typeof value === 'string' && /^(?:false|no|off|0)$/i.test(value)) return false
    this.wrong(key, 'is neither true nor false', 'write true or false')
    return null
  }

  has(key: string): boolean {
    const value = this.entry.values.get(key)
    return value !== undefined && value !== null && value !== ''
  }
}

const readUrl = (reader: Reader): string => {
  const text = reader.text('auth_url')
  if (text === null) {
    const remedy = 'for example https://keystone.example.org:5000/v3'
    if (!reader.has('auth_url')) reader.wrong('auth_url', 'is missing', remedy)
    return ''
  }
  // openstacksdk fills in values of the entry; those of several regions use that.
  const filled = text.replaceAll(/\{(\w+)\}/g, (whole, key: string) => reader.text(key) ?? whole)
  const url = URL.canParse(filled) ? new URL(filled) : null
  if (url === null || (url.protocol !== 'http:' && url.protocol !== 'https:')) {
    reader.wrong(
      'auth_url',
      'is no address of a Keystone',
      'for example https://keystone.example.org:5000/v3',
    )
    return ''
  }
  if (url.username !== '' || url.password !== '') {
    reader.wrong('auth_url', 'has a user or a password in it', 'write them as `username` and `password`')
  }
  const path = url.pathname.replace(/\/+$/, '')
  if (/\/v2(?:\.\d)?$/.test(path)) {
    reader.wrong('auth_url', 'is of the identity API v2, which has no such tokens', 'end it with /v3')
  }
  return `${url.origin}${path.endsWith('/v3') ? path : `${path}/v3`}`
}

/**
 * The domain of a user or a project: its own words, then those for both, then Keystone's `default`. Beside no project,
 * `domain_id` and `domain_name` are the scope, and say nothing of the user.
 */
const domainOf = (reader: Reader, of: 'user' | 'project'): { id: string } | { name: string } => {
  const both = ['project_id', 'tenant_id', 'project_name', 'tenant_name'].some((key) => reader.has(key))
  const id = reader.text(`${of}_domain_id`, ...(both ? ['domain_id'] : []))
  const name = reader.text(`${of}_domain_name`, ...(both ? ['domain_name'] : []))
  const ownName = reader.has(`${of}_domain_name`) && !reader.has(`${of}_domain_id`)
  if (id !== null && !ownName) return { id }
  if (name !== null) return { name }
  const usualName = reader.text('default_domain_name')
  return usualName === null
    ? { id: reader.text('default_domain_id', 'default_domain') ?? 'default' }
    : { name: usualName }
}

const userOf = (reader: Reader): Named | null => {
  const id = reader.text('user_id')
  if (id !== null) return { id }
  const name = reader.text('username')
  return name === null ? null : { name, domain: domainOf(reader, 'user') }
}

const none: Named = { id: '' }

const readPassword = (reader: Reader): Proof => {
  const user = userOf(reader)
  if (user === null) reader.wrong('username', 'is missing', 'name a user who may make users, such as admin')
  const password = reader.text('password')
  if (password === null && !reader.has('password')) {
    reader.wrong('password', 'is missing', 'write it into secure.yaml, or set OS_PASSWORD')
  }
  return { kind: 'password', user: user ?? none, password: new Secret(password ?? '') }
}

const readCredential = (reader: Reader): Proof => {
  const id = reader.text('application_credential_id')
  const name = reader.text('application_credential_name')
  const secret = reader.text('application_credential_secret')
  if (id === null && name === null) {
    reader.wrong('application_credential_id', 'is missing', 'name the application credential by its id')
  }
  const user = id === null ? userOf(reader) : null
  if (id === null && name !== null && user === null) {
    reader.wrong('username', 'is missing', 'a credential by its name needs the user that it belongs to')
  }
  if (secret === null)
    reader.wrong('application_credential_secret', 'is missing', 'write it into secure.yaml')
  const credential = id === null ? { name: name ?? '', user: user ?? none } : { id }
  return { kind: 'application-credential', credential, secret: new Secret(secret ?? '') }
}

const passwordTypes = ['password', 'v3password']
const credentialTypes = ['v3applicationcredential']

const readProof = (reader: Reader): Proof => {
  const named = reader.text('auth_type', 'auth_plugin')
  const byCredential = reader.has('application_credential_id') || reader.has('application_credential_name')
  // `openstack` takes a token that nobody names a user beside for the way to log in.
  const byToken = ['token', 'auth_token'].some((key) => reader.has(key)) && userOf(reader) === null
  const usual = byCredential ? 'v3applicationcredential' : byToken ? 'token' : 'password'
  const type = named ?? usual
  if (credentialTypes.includes(type)) return readCredential(reader)
  if (passwordTypes.includes(type)) {
    // The generic plug-in is what an entry has by default; the credential says what was meant.
    return byCredential && !reader.has('password') ? readCredential(reader) : readPassword(reader)
  }
  const message = /token/.test(type)
    ? 'a token may not outlive what is rehearsed, so it is no way to log in'
    : 'there is no way here to log in like that'
  reader.wrong('auth_type', message, 'password or v3applicationcredential')
  return { kind: 'password', user: none, password: new Secret('') }
}

/** Scopes that exclude each other, as keystoneauth has it. */
const checkScopes = (reader: Reader): void => {
  if (reader.has('trust_id'))
    reader.wrong('trust_id', 'logging in by a trust is not possible here', 'name a project instead')
  const project = ['project_id', 'tenant_id', 'project_name', 'tenant_name'].some((key) => reader.has(key))
  if (reader.has('system_scope') && project)
    reader.wrong('system_scope', 'a project and the system at once', 'keep one of them')
}

const readScope = (reader: Reader, proof: Proof): AccessScope => {
  if (proof.kind === 'application-credential') return null
  checkScopes(reader)
  const id = reader.text('project_id', 'tenant_id')
  if (id !== null) return { project: { id } }
  const name = reader.text('project_name', 'tenant_name')
  if (name !== null) return { project: { name, domain: domainOf(reader, 'project') } }
  if (reader.text('system_scope') === 'all') return { system: { all: true } }
  const domainId = reader.text('domain_id')
  if (domainId !== null) return { domain: { id: domainId } }
  const domainName = reader.text('domain_name')
  return domainName === null ? null : { domain: { name: domainName } }
}

const interfaces = ['public', 'internal', 'admin'] as const

const readInterface = (reader: Reader): CloudAccess['interface'] => {
  const text = (reader.text('interface', 'endpoint_type') ?? 'public').replace(/URL$/, '')
  const found = interfaces.find((each) => each === text)
  if (found === undefined) reader.wrong('interface', 'is no kind of endpoint', 'public, internal or admin')
  return found ?? 'public'
}

/**
 * Who one is at a Keystone, from what is said of the cloud.
 * @throws InputError with everything that is wrong with it
 */
export const readAccess = (entry: CloudEntry): CloudAccess => {
  const reader = new Reader(entry)
  const version = entry.values.get('identity_api_version') ?? ''
  if (version !== '' && version !== 3 && !(typeof version === 'string' && /^v?3(?:\.\d+)?$/.test(version))) {
    reader.wrong('identity_api_version', 'only version 3 is spoken here', 'write "3", or leave it away')
  }
  const url = readUrl(reader)
  const proof = readProof(reader)
  const scope = readScope(reader, proof)
  const insecure = reader.flag('insecure')
  const verify = reader.flag('verify')
  const access: CloudAccess = {
    origin: entry.origin,
    url,
    proof,
    scope,
    tls: {
      verify: insecure === true ? false : (verify ?? true),
      caFile: reader.text('cacert'),
      certFile: reader.text('cert'),
      keyFile: reader.text('key'),
    },
    region: reader.text('region_name'),
    interface: readInterface(reader),
  }
  if (reader.problems.length > 0) throw new InputError(reader.problems)
  return access
}

/** By what one proves who one is. */
export const secretOf = ({ proof }: CloudAccess): Secret =>
  proof.kind === 'password' ? proof.password : proof.secret

const identityOf = (proof: Proof): object => {
  if (proof.kind === 'password') {
    return { methods: ['password'], password: { user: { ...proof.user, password: proof.password.reveal() } } }
  }
  const application_credential = { ...proof.credential, secret: proof.secret.reveal() }
  return { methods: ['application_credential'], application_credential }
}

/** The body of `POST /v3/auth/tokens` for this access. It holds the password: for a request, and nothing else. */
export const accessBody = ({ proof, scope }: Pick<CloudAccess, 'proof' | 'scope'>): object => ({
  auth: { identity: identityOf(proof), ...(scope === null ? {} : { scope }) },
})

/** Who one is and where, for people: `admin at https://keystone.example.org:5000/v3 (cloud dev of clouds.yaml)`. */
export const accessText = ({ origin, url, proof }: CloudAccess): string => {
  const { credential } = proof.kind === 'password' ? { credential: proof.user } : proof
  const who = `${proof.kind === 'password' ? '' : 'application credential '}${'id' in credential ? credential.id : credential.name}`
  return `${who} at ${url} (${origin})`
}
