// The cloud that is meant, by clouds.yaml or OS_*: what openstacksdk reads of the same files, and what is refused before it is used.
// Debian's openstacksdk is asked beside us, so that nobody's cloud is another one here than for `openstack`.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { fileURLToPath } from 'node:url'
import { inspect } from 'node:util'
import { afterAll, describe, expect, test } from '@jest/globals'
import { InputError } from '../../../src/base/errors.js'
import { accessBody, accessText, type CloudAccess } from '../../../src/io/cloud/access.js'
import { findCloud } from '../../../src/io/cloud/findCloud.js'

const root = mkdtempSync(path.join(tmpdir(), 'cutover-clouds-'))
afterAll(() => rmSync(root, { recursive: true, force: true }))

interface Case {
  readonly title: string
  readonly files?: Readonly<Record<string, string>>
  readonly env?: Readonly<Record<string, string>>
}

/** A folder with files, among them a home, and the environment of somebody who works in it. */
const stage = ({ files = {}, env = {} }: Omit<Case, 'title'>) => {
  const folder = mkdtempSync(path.join(root, 'case-'))
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true })
    writeFileSync(path.join(folder, name), text)
  }
  const placed = Object.entries(env).map(([key, value]) => [key, value.replace('FOLDER', folder)])
  return {
    folder,
    env: { HOME: path.join(folder, 'home'), ...Object.fromEntries(placed) } as Record<string, string>,
  }
}

const find = (given: Omit<Case, 'title'>): CloudAccess => findCloud(stage(given)).access

const problemsOf = (given: Omit<Case, 'title'>): readonly string[] => {
  try {
    find(given)
  } catch (error) {
    if (error instanceof InputError)
      return error.problems.map(({ path: at, line, message }) => `${line ?? ''} ${at}: ${message}`)
    throw error
  }
  return []
}

const dev = `clouds:
  dev:
    auth:
      auth_url: https://keystone.example.org:5000
      username: ann
      password: "s3cret"
      project_name: demo
      user_domain_name: Default
      project_domain_name: Default
    region_name: RegionTwo
`

const same: readonly Case[] = [
  { title: 'a cloud that OS_CLOUD names', files: { 'clouds.yaml': dev }, env: { OS_CLOUD: 'dev' } },
  {
    title: 'the only cloud of a file, where none is named',
    files: { 'home/.config/openstack/clouds.yaml': dev },
  },
  {
    title: 'the folder before the home',
    files: { 'clouds.yml': dev.replace('ann', 'bea'), 'home/.config/openstack/clouds.yaml': dev },
  },
  {
    title: 'the file that OS_CLIENT_CONFIG_FILE names before all others',
    files: { 'clouds.yaml': dev, 'other.yaml': dev.replace('ann', 'carl') },
    env: { OS_CLIENT_CONFIG_FILE: 'FOLDER/other.yaml', OS_CLOUD: 'dev' },
  },
  {
    title: 'a password from secure.yaml',
    files: {
      'clouds.yaml': dev.replace('      password: "s3cret"\n', ''),
      'secure.yaml': 'clouds:\n  dev:\n    auth:\n      password: hidden\n',
    },
    env: { OS_CLOUD: 'dev' },
  },
  {
    title: 'the variables, where no cloud is named, before the only cloud of a file',
    files: { 'clouds.yaml': dev },
    env: {
      OS_AUTH_URL: 'http://127.0.0.1:5000/v3',
      OS_USERNAME: 'admin',
      OS_PASSWORD: 'pw',
      OS_PROJECT_NAME: 'admin',
      OS_USER_DOMAIN_NAME: 'Default',
      OS_PROJECT_DOMAIN_ID: 'default',
      OS_REGION_NAME: 'RegionOne',
      OS_INTERFACE: 'internal',
    },
  },
  {
    title: 'old names of a project, and one domain for both',
    env: {
      OS_AUTH_URL: 'http://127.0.0.1/identity',
      OS_USERNAME: 'admin',
      OS_PASSWORD: 'pw',
      OS_TENANT_NAME: 'service',
      OS_DOMAIN_ID: 'abc',
    },
  },
  {
    title: 'ids, a scope of a domain, and no look at certificates',
    files: {
      'clouds.yaml':
        'clouds:\n  d:\n    auth: { auth_url: "https://k/v3", user_id: u1, password: p, domain_id: d1 }\n    verify: false\n',
    },
  },
  {
    title: 'a profile of clouds-public.yaml, under the entry',
    files: {
      'clouds.yaml':
        'clouds:\n  mine:\n    profile: acme\n    auth: { username: u, password: p, project_id: p1 }\n',
      'clouds-public.yaml':
        'public-clouds:\n  acme:\n    auth: { auth_url: "https://acme.example/v3" }\n    region_name: North\n',
    },
    env: { OS_CLOUD: 'mine' },
  },
  {
    title: 'the first region of several',
    files: { 'clouds.yaml': dev.replace('region_name: RegionTwo', 'regions: [East, West]') },
  },
  {
    title: 'the region that OS_REGION_NAME chooses, with values of its own',
    files: {
      'clouds.yaml': dev.replace(
        'region_name: RegionTwo',
        'regions: [East, { name: West, values: { interface: internal, auth: { auth_url: "https://west.example/v3" } } }]',
      ),
    },
    env: { OS_CLOUD: 'dev', OS_REGION_NAME: 'West' },
  },
  {
    title: 'the name of the region in the address',
    files: {
      'clouds.yaml': dev.replace('https://keystone.', 'https://{region_name}.').replace('RegionTwo', 'two'),
    },
  },
  {
    title: 'an application credential by its id, with its secret in secure.yaml',
    files: {
      'clouds.yaml':
        'clouds:\n  a:\n    auth_type: v3applicationcredential\n    auth: { auth_url: "https://k/v3", application_credential_id: c1 }\n',
      'secure.yaml': 'clouds:\n  a:\n    auth: { application_credential_secret: hush }\n',
    },
    env: { OS_CLOUD: 'a' },
  },
  {
    title: 'an application credential by its name and its user, by variables',
    env: {
      OS_AUTH_TYPE: 'v3applicationcredential',
      OS_AUTH_URL: 'https://k/v3',
      OS_APPLICATION_CREDENTIAL_NAME: 'robot',
      OS_APPLICATION_CREDENTIAL_SECRET: 'hush',
      OS_USERNAME: 'ann',
      OS_USER_DOMAIN_NAME: 'Default',
    },
  },
  {
    title: 'all of the system, by variables that OS_CLOUD names',
    env: {
      OS_CLOUD: 'envvars',
      OS_AUTH_URL: 'https://k/v3',
      OS_USERNAME: 'admin',
      OS_PASSWORD: 'pw',
      OS_SYSTEM_SCOPE: 'all',
      OS_USER_DOMAIN_ID: 'default',
    },
  },
  {
    title: 'keys beside `auth` and inside it, with dashes and old names',
    files: {
      'clouds.yaml':
        'clouds:\n  a:\n    auth: { auth_url: "https://k/v3", user-name: in, password: p, project_name: in, user_domain_name: in, tenant_id: in }\n    project_name: beside\n    user_domain_name: beside\n    username: beside\n    project-domain-name: beside\n    endpoint_type: internalURL\n',
    },
  },
  {
    title: 'the secure file that OS_CLIENT_SECURE_FILE names, and clouds in JSON',
    files: {
      'clouds.json':
        '{"clouds": {"a": {"auth": {"auth_url": "https://k/v3", "username": "u", "project_id": "p1", "domain_name": "D"}, "insecure": true}}}',
      'kept/mine.yaml': 'clouds: { a: { auth: { password: kept } } }',
    },
    env: { OS_CLIENT_SECURE_FILE: 'FOLDER/kept/mine.yaml' },
  },
]

/** Ours in the words of openstacksdk. */
const inItsWords = ({ url, proof, scope, tls, region, interface: kind }: CloudAccess) => {
  const named = (what: string, value: object): Record<string, string> => {
    const { id, name, domain } = value as {
      id?: string
      name?: string
      domain?: { id?: string; name?: string }
    }
    if (id !== undefined) return { [`${what}_id`]: id }
    const own = { [what === 'user' ? 'username' : `${what}_name`]: name ?? '' }
    if (domain === undefined) return own
    return {
      ...own,
      ...(domain.id === undefined
        ? { [`${what}_domain_name`]: domain.name ?? '' }
        : { [`${what}_domain_id`]: domain.id }),
    }
  }
  const [kindOfScope, inScope] = Object.entries(scope ?? {})[0] ?? ['', {}]
  const scoped = kindOfScope === 'system' ? { system_scope: 'all' } : named(kindOfScope, inScope as object)
  const login =
    proof.kind === 'password'
      ? { ...named('user', proof.user), password: proof.password.reveal() }
      : {
          ...named('application_credential', proof.credential),
          ...('user' in proof.credential ? named('user', proof.credential.user) : {}),
          application_credential_secret: proof.secret.reveal(),
        }
  return {
    auth: { auth_url: url, ...login, ...(kindOfScope === '' ? {} : scoped) },
    verify: tls.verify,
    region,
    interface: kind,
  }
}

test('every cloud is the one that openstacksdk finds', () => {
  const stages = same.map(stage)
  const lines = stages.map((each) => `${JSON.stringify(each)}\n`).join('')
  const script = fileURLToPath(new URL('openstackSdk.py', import.meta.url))
  const { stdout, stderr } = spawnSync('/usr/bin/python3', ['-W', 'ignore', script], {
    input: lines,
    encoding: 'utf8',
  })
  const theirs = stdout
    .split('\n')
    .slice(0, -1)
    .map((line) => JSON.parse(line) as { auth?: { auth_url: string }; interface?: string })
  if (theirs.length !== same.length) {
    throw new Error(`openstacksdk (Debian package python3-openstackclient) said nothing of it: ${stderr}`)
  }
  const ours = stages.map((each) => inItsWords(findCloud(each).access))
  // What it leaves to discovery is settled here: the version, and the domain where none is named.
  const settled = theirs.map((their, i) => {
    const auth: Record<string, string> = { ...their.auth }
    auth['auth_url'] = auth['auth_url']?.replace(/(?<!\/v3)$/, '/v3') ?? ''
    for (const what of ['user', 'project']) {
      const needs = what === 'user' ? auth['username'] : auth['project_name']
      if (needs !== undefined && !(`${what}_domain_name` in auth)) auth[`${what}_domain_id`] ??= 'default'
      if (needs === undefined) delete auth[`${what}_domain_id`]
    }
    if (auth['project_id'] !== undefined) {
      delete auth['project_domain_id']
      delete auth['project_domain_name']
      delete auth['project_name']
    }
    return { title: same[i]?.title, ...their, auth, interface: their.interface?.replace(/URL$/, '') }
  })
  expect(ours.map((our, i) => ({ title: same[i]?.title, ...our }))).toEqual(settled)
})

describe('a login', () => {
  test('is the body that Keystone takes', () => {
    expect(accessBody(find({ files: { 'clouds.yaml': dev } }))).toEqual({
      auth: {
        identity: {
          methods: ['password'],
          password: { user: { name: 'ann', domain: { name: 'Default' }, password: 's3cret' } },
        },
        scope: { project: { name: 'demo', domain: { name: 'Default' } } },
      },
    })
  })

  test('by an application credential has no scope of its own', () => {
    const entry =
      'auth_type: v3applicationcredential\n    auth: { auth_url: "http://k", application_credential_id: c, application_credential_secret: s }'
    expect(accessBody(find({ files: { 'clouds.yaml': `clouds:\n  a:\n    ${entry}\n` } }))).toEqual({
      auth: {
        identity: { methods: ['application_credential'], application_credential: { id: 'c', secret: 's' } },
      },
    })
  })

  test('takes a password that the file does not have from OS_PASSWORD, and nothing else beside OS_CLOUD', () => {
    const files = { 'clouds.yaml': dev.replace('      password: "s3cret"\n', '') }
    const env = { OS_CLOUD: 'dev', OS_PASSWORD: 'typed', OS_AUTH_URL: 'http://elsewhere', OS_USERNAME: 'eve' }
    const { url, proof } = find({ files, env })
    expect(url).toBe('https://keystone.example.org:5000/v3')
    expect(proof.kind === 'password' && [proof.user, proof.password.reveal()]).toEqual([
      { name: 'ann', domain: { name: 'Default' } },
      'typed',
    ])
  })

  test('never shows its password', () => {
    const access = find({ files: { 'clouds.yaml': dev } })
    const shown = [
      JSON.stringify(access),
      inspect(access, { depth: 9 }),
      accessText(access),
      Object.values(access.proof).join(),
    ]
    for (const text of shown) expect(text).not.toContain('s3cret')
  })
})

describe('what cannot be used is refused', () => {
  test('all at once, each with its line', () => {
    const files = {
      'clouds.yaml':
        'clouds:\n  a:\n    auth:\n      auth_url: ftp://k\n      password: 12345\n    interface: secret\n    identity_api_version: "2.0"\n    insecure: perhaps\n',
    }
    expect(problemsOf({ files })).toEqual([
      '7 clouds.a.identity_api_version: only version 3 is spoken here',
      '4 clouds.a.auth.auth_url: is no address of a Keystone',
      '3 clouds.a.auth.username: is missing',
      '5 clouds.a.auth.password: expected a text',
      '8 clouds.a.insecure: is neither true nor false',
      '6 clouds.a.interface: is no kind of endpoint',
    ])
  })

  test('without a word of what a secret is', () => {
    const files = {
      'clouds.yaml':
        'clouds:\n  a:\n    auth: { auth_url: "http://u:hush@k", username: u, password: [hush] }\n',
    }
    const problems = problemsOf({ files })
    expect(problems).toHaveLength(2)
    expect(problems.join()).not.toContain('hush')
  })

  test.each<readonly [string, Omit<Case, 'title'>, string]>([
    ['nothing at all', {}, ' OS_CLOUD: no cloud is named, and there is no clouds.yaml'],
    [
      'one of several clouds, none of them named',
      { files: { 'clouds.yaml': `${dev}  more: {}\n` } },
      ' OS_CLOUD: which cloud is meant?',
    ],
    [
      'a cloud that is not there',
      { files: { 'clouds.yaml': dev }, env: { OS_CLOUD: 'prod' } },
      '1 clouds: there is no cloud `prod`',
    ],
    [
      'a token, which may not outlive a cutover',
      { env: { OS_AUTH_URL: 'http://k', OS_USERNAME: 'u', OS_AUTH_TYPE: 'v3token' } },
      ' OS_AUTH_TYPE: a token may not outlive what is rehearsed, so it is no way to log in',
    ],
    [
      'a token that stands alone',
      { env: { OS_AUTH_URL: 'http://k', OS_TOKEN: 'gAAAA' } },
      ' OS_AUTH_TYPE: a token may not outlive what is rehearsed, so it is no way to log in',
    ],
    [
      'a way to log in that is not known here',
      { files: { 'clouds.yaml': dev.replace('    auth:', '    auth_type: v3oidcpassword\n    auth:') } },
      '3 clouds.dev.auth_type: there is no way here to log in like that',
    ],
    [
      'a trust',
      { files: { 'clouds.yaml': dev.replace('project_name: demo', 'trust_id: t1') } },
      '7 clouds.dev.auth.trust_id: logging in by a trust is not possible here',
    ],
    [
      'a project and the system at once',
      { files: { 'clouds.yaml': dev.replace('region_name: RegionTwo', 'system_scope: all') } },
      '10 clouds.dev.system_scope: a project and the system at once',
    ],
    [
      'a region that the cloud has not',
      { files: { 'clouds.yaml': dev }, env: { OS_CLOUD: 'dev', OS_REGION_NAME: 'RegionOne' } },
      ' OS_REGION_NAME: the cloud has no region `RegionOne`',
    ],
    [
      'a profile that openstacksdk may know',
      { files: { 'clouds.yaml': dev.replace('    auth:', '    profile: vexxhost\n    auth:') } },
      '3 clouds.dev.profile: this profile is not in clouds-public.yaml',
    ],
    [
      'a file of certificates that holds none',
      {
        files: { 'ca.pem': 'nothing' },
        env: { OS_AUTH_URL: 'https://k', OS_USERNAME: 'u', OS_PASSWORD: 'p', OS_CACERT: 'FOLDER/ca.pem' },
      },
      ' undefined: holds no certificate',
    ],
    [
      'the identity API v2',
      { env: { OS_AUTH_URL: 'http://k:5000/v2.0', OS_USERNAME: 'u', OS_PASSWORD: 'p' } },
      ' OS_AUTH_URL: is of the identity API v2, which has no such tokens',
    ],
    [
      'a certificate that is not there',
      { env: { OS_AUTH_URL: 'https://k', OS_USERNAME: 'u', OS_PASSWORD: 'p', OS_CACERT: '/nowhere.pem' } },
      ' undefined: cannot be read',
    ],
  ])('%s', (_title, given, problem) => {
    expect(problemsOf(given)).toEqual([problem])
  })
})
