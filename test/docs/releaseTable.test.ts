// The table of what the releases differ in, generated from the profiles that play them and compared with scenarios/README.md.
// It exists so that the documents cannot say of a release what the code does not do: UPDATE_GOLDEN=1 writes it.
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect, test } from '@jest/globals'
import { releaseProfiles } from '../../src/identity/release.js'
import type { ReleaseProfile } from '../../src/identity/release.js'
import { revocationCacheSec } from '../../src/identity/revocations.js'
import { defaultPasswordHash } from '../../src/scenario/passwordHash.js'
import { revocationUs } from '../../src/worlds/costs/revocations.js'

const readme = fileURLToPath(new URL('../../scenarios/README.md', import.meta.url))
const begin =
  '<!-- prettier-ignore-start -->\n<!-- releases: begin, generated from src/identity/release.ts -->'
const end = '<!-- releases: end -->\n<!-- prettier-ignore-end -->'

interface Line {
  readonly what: string
  readonly of: (profile: ReleaseProfile) => string
  /** File and tag of Keystone, a bug, a commit, or a measurement on Newton 10.0.3 (n), Queens 13.0.4 (q), Zed 22.0.2 (z). */
  readonly source: string
  /** It is about rows of UUID tokens, which Zed has none of. */
  readonly ofRows?: true
}

const yes = (so: boolean): string => (so ? 'yes' : 'no')
const seconds = (sec: number): string => (sec === 0 ? '–' : `${sec.toLocaleString('en')} s`)

const lines: readonly Line[] = [
  {
    what: 'Default provider',
    of: ({ defaultProvider }) => `\`${defaultProvider}\``,
    source: '`keystone/conf/token.py`, in Mitaka `keystone/common/config.py`',
  },
  {
    what: 'Default password hash, rounds',
    of: ({ release }) => {
      const { scheme, rounds } = defaultPasswordHash[release]
      return `\`${scheme}\`, ${rounds.toLocaleString('en')}`
    },
    source:
      '`crypt_strength` in `keystone/conf/default.py`; `keystone/conf/identity.py@13.0.4`; measured n, q',
  },
  {
    what: '`token_flush` deletes',
    ofRows: true,
    of: ({ flush, allowExpiredWindowSec }) =>
      `\`expires ${flush.strict ? '<' : '<='} now${allowExpiredWindowSec > 0 ? ' − window' : ''}\``,
    source: '`keystone/token/persistence/backends/sql.py`; measured n, q',
  },
  {
    what: '`token_flush` commits',
    ofRows: true,
    of: ({ flush }) =>
      flush.transaction === 'one'
        ? 'once, at the end'
        : `each batch of ${flush.batchRows.toLocaleString('en')}`,
    source: 'bug 1649616 (11.0.3, 12.0; 10.0.3 has the change in its source); measured n, q',
  },
  {
    what: '`allow_expired_window`: rows stay and `?allow_expired` works',
    of: ({ allowExpiredWindowSec }) => seconds(allowExpiredWindowSec),
    source: '`keystone/conf/token.py@11.0.4`; measured q',
  },
  {
    what: 'A UUID validation answers',
    ofRows: true,
    of: ({ uuidBody }) => (uuidBody === 'stored' ? 'the stored body' : 'roles and catalog of now'),
    source: '`keystone/token/providers/common.py`; measured n, q',
  },
  {
    what: 'Revocation events that a validation reads',
    of: ({ revocationLoad }) => (revocationLoad === 'all' ? 'all' : 'those that a filter in SQL leaves'),
    source: '`keystone/revoke/core.py`, commit 9e8437146 (11.0.0)',
  },
  {
    what: '1,000 of them lengthen it, simulated, by',
    of: ({ release }) => {
      const ms = revocationUs(release, 1000) / 1000
      return ms === 0 ? 'nothing' : `${ms.toFixed(0)} ms`
    },
    source: 'message of commit 9e8437146 (Mitaka); measured n, q',
  },
  {
    what: 'With a cache, the list of events is kept for',
    of: ({ revocationLoad }) => (revocationLoad === 'all' ? seconds(revocationCacheSec) : '–'),
    source:
      '`[revoke] cache_time`; `_get_revoke_tree` in `keystone/revoke/core.py@9.3.0`, `_list_events` in `@10.0.3`',
  },
  {
    what: 'With a cache, X-Auth-Token and subject are',
    of: ({ cache }) => (cache.ways === 'two' ? 'looked up apart' : 'looked up alike'),
    source: '`validate_token` and `validate_v3_token` in `keystone/token/provider.py@10.0.3`; measured n, q',
  },
  {
    what: '… a UUID token under Fernet is still taken',
    ofRows: true,
    of: ({ cache }) =>
      cache.ways === 'two'
        ? 'as X-Auth-Token, if validated before'
        : 'in both places, if issued within `cache_time`',
    source: 'measured n, q',
  },
  {
    what: 'Default `cache_on_issue`',
    of: ({ cache }) => (cache.onIssue === null ? 'not there' : yes(cache.onIssue)),
    source: '`keystone/conf/token.py` of 10.0.3 and 11.0.4',
  },
  {
    what: 'A trust’s Fernet payload names',
    of: ({ trustPayloadUser }) => (trustPayloadUser === 'trustee' ? 'the trustee' : 'the token’s user'),
    source: 'measured q, z',
  },
  {
    what: 'Payloads are packed by msgpack',
    of: ({ payload }) => (payload.family === 'raw' ? 'before 1.0' : '1.0 or later'),
    source: 'measured q (both), z',
  },
  {
    what: 'Keys are read',
    of: () => 'at each use',
    source: '`crypto` in `keystone/token/providers/fernet/token_formatters.py`; measured n, q',
  },
  {
    what: 'Starts without keys (not played: a run begins with keys)',
    of: ({ startsWithoutKeys }) =>
      startsWithoutKeys ? 'yes, and answers 500' : 'no: requests hang until there are some',
    source: '`keystone/token/providers/fernet/core.py`; measured n, q',
  },
]

const table = (): string => {
  const profiles = Object.values(releaseProfiles)
  const row = (cells: readonly string[]): string => `| ${cells.join(' | ')} |`
  const heads = profiles.map(({ release }) => release.charAt(0).toUpperCase() + release.slice(1))
  return [
    row(['', ...heads, 'Source']),
    row(['---', ...heads.map(() => '---'), '---']),
    ...lines.map(({ what, of, source, ofRows }) =>
      row([what, ...profiles.map((each) => (ofRows && each.release === 'zed' ? '–' : of(each))), source]),
    ),
  ].join('\n')
}

test('the table of releases is that of the profiles (UPDATE_GOLDEN=1 writes it)', () => {
  const text = fs.readFileSync(readme, 'utf8')
  const from = text.indexOf(begin)
  const to = text.indexOf(end)
  expect({ from: from >= 0, to: to > from }).toEqual({ from: true, to: true })
  const wanted = `${text.slice(0, from)}${begin}\n\n${table()}\n\n${text.slice(to)}`
  if (process.env['UPDATE_GOLDEN'] === '1' && wanted !== text) fs.writeFileSync(readme, wanted)
  expect(fs.readFileSync(readme, 'utf8')).toBe(wanted)
})

test('every line has a source', () => {
  expect(lines.filter(({ source }) => source === '')).toEqual([])
})
