// The largest requests that the bounds let in, each built to be costly: lists, rules, filters, names, trees.
// It exists because a server can also be stopped by one honest-looking request that takes minutes to judge.
import { ids } from '../identity/support/keystone.js'
import { judge, newTally, stageFor } from './inProcess.js'
import type { Tally } from './inProcess.js'
import { made } from './seeds.js'
import type { Written } from './written.js'

/** Just below the bound of a body, 114,688 bytes. */
const bytesMax = 114_000
/** Just below the bound of all headers, the request line included. */
const queryMax = 32_000

const filled = (item: string, bytes = bytesMax): string => item.repeat(Math.floor(bytes / item.length))
const listed = (item: string, bytes = bytesMax): string => `[${filled(`${item},`, bytes).slice(0, -1)}]`

const tokens = '/v3/auth/tokens'
const password = `"password": {"user": {"id": "${ids.alice}", "password": "alice-pw"}}`
const rules = listed('["password","totp","token","mapped"]')

/** Filters that all users pass, no two alike: parts of the domain's id. */
const filtersPassed = Array.from({ length: 32 }, (_, from) =>
  Array.from(
    { length: 32 - from },
    (_end, length) => `domain_id__icontains=${ids.acme.slice(from, from + length + 1)}`,
  ),
)
  .flat()
  .join('&')

interface Large {
  readonly name: string
  readonly method: string
  readonly path: string
  readonly query?: string
  readonly body?: string
}

const larges: readonly Large[] = [
  {
    name: 'a method named thousands of times',
    method: 'POST',
    path: tokens,
    body: `{"auth": {"identity": {"methods": ${listed('"password"', 110_000)}, ${password}}}}`,
  },
  {
    name: 'thousands of methods',
    method: 'POST',
    path: tokens,
    body: `{"auth": {"identity": {"methods": [${Array.from({ length: 12_000 }, (_, i) => `"m${i}"`).join()}], ${password}}}}`,
  },
  {
    name: 'a password of 100,000 characters',
    method: 'POST',
    path: tokens,
    body: `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "${ids.alice}", "password": "${filled('x', 100_000)}"}}}}}`,
  },
  {
    name: 'a token of 100,000 characters',
    method: 'POST',
    path: tokens,
    body: `{"auth": {"identity": {"methods": ["token"], "token": {"id": "gAAAAA${filled('B', 100_000)}"}}}}`,
  },
  {
    name: 'thousands of scopes',
    method: 'POST',
    path: tokens,
    body: `{"auth": {"identity": {"methods": ["password"], ${password}}, "scope": {${Array.from({ length: 7000 }, (_, i) => `"s${i}": {}`).join()}}}}`,
  },
  {
    name: 'thousands of rules for a user',
    method: 'PATCH',
    path: `/v3/users/${made.careful}`,
    body: `{"user": {"options": {"multi_factor_auth_rules": ${rules}}}}`,
  },
  {
    name: 'a login by thousands of rules',
    method: 'POST',
    path: tokens,
    body: `{"auth": {"identity": {"methods": ["password"], "password": {"user": {"id": "${made.careful}", "password": "careful-pw"}}}}}`,
  },
  {
    name: 'thousands of tags',
    method: 'PUT',
    path: `/v3/projects/${ids.demo}/tags`,
    body: `{"tags": ${listed('"tag"')}}`,
  },
  {
    name: 'thousands of roles of a trust',
    method: 'POST',
    path: '/v3/OS-TRUST/trusts',
    body: `{"trust": {"trustor_user_id": "${ids.alice}", "trustee_user_id": "${ids.bob}", "project_id": "${ids.demo}", "impersonation": true, "roles": ${listed('{"name":"member"}', 110_000)}}}`,
  },
  {
    name: 'a URL of 100,000 signs',
    method: 'POST',
    path: '/v3/endpoints',
    body: `{"endpoint": {"service_id": "s", "interface": "public", "url": "${filled('$(project_id)s', 100_000)}"}}`,
  },
  {
    name: 'a name of blanks',
    method: 'POST',
    path: '/v3/users',
    body: `{"user": {"name": "${filled(' ')}"}}`,
  },
  {
    name: 'thousands of members nobody knows',
    method: 'POST',
    path: '/v3/users',
    body: `{"user": {"name": "n", ${Array.from({ length: 9000 }, (_, i) => `"m${i}":0`).join()}}}`,
  },
  { name: 'empty lists in one list', method: 'POST', path: '/v3/users', body: `{"user": ${listed('[]')}}` },
  {
    name: 'thousands of filters',
    method: 'GET',
    path: '/v3/users',
    query: filtersPassed,
  },
  {
    name: 'thousands of filters of assignments',
    method: 'GET',
    path: '/v3/role_assignments',
    query: `effective&include_names&${filled('user.id=x&', queryMax)}`,
  },
  {
    name: 'thousands of tags to filter by',
    method: 'GET',
    path: '/v3/projects',
    query: `tags=${filled('a,', queryMax)}`,
  },
  { name: 'percent signs', method: 'GET', path: `/v3/users/${filled('%', queryMax)}` },
  { name: 'slashes', method: 'GET', path: `/v3/${filled('/', queryMax)}` },
]

/** So many users beside the recorded ones, so that lists are lists. */
const usersMade = 1000

/** Plays each of them; what is wrong, by name. */
export const fuzzLarge = (
  progress: () => void = () => {},
): { readonly tally: Tally; readonly problems: readonly string[] } => {
  const tally = newTally()
  const { keystone, tokens: known } = stageFor('queens', 'dual-uuid')
  for (let i = 0; i < usersMade; i++) {
    const id = i.toString(16).padStart(32, 'a')
    keystone.store.put('user', { id, name: `o${i}`, domain_id: ids.acme, enabled: true, password_hash: null })
  }
  const problems = larges.flatMap(({ name, method, path, query = '', body = '' }) => {
    const request: Written = { method, path, query, body, headers: { 'x-auth-token': known.admin } }
    progress()
    // Collecting garbage takes processor time, too: what is slow is slow each time.
    let found = judge(keystone, request, tally)
    for (let again = 0; again < 2 && found.some((problem) => problem.startsWith('it took')); again++) {
      found = judge(keystone, request, tally)
    }
    return found.map((problem) => `${name}: ${problem}`)
  })
  return { tally, problems }
}
