// Damaged requests: what fast-check draws, as plain data that can be printed, shrunk and played again.
// Tokens are named, not written out, since they are made anew on every stage.
import fc from 'fast-check'
import { ids } from '../identity/support/keystone.js'
import { made, seeds } from './seeds.js'

/** A token of the stage, and what was done to its text. */
export interface TokenUse {
  readonly of:
    'admin' | 'alice' | 'service' | 'trust' | 'credential' | 'expired' | 'revoked' | 'uuid' | 'none'
  readonly damage: TokenDamage
}

export type TokenDamage =
  | { readonly kind: 'none' | 'upper' | 'padded' | 'standard' | 'reversed' | 'twice' }
  | { readonly kind: 'flip'; readonly at: number; readonly bit: number }
  | { readonly kind: 'cut'; readonly from: number; readonly to: number }
  | { readonly kind: 'insert'; readonly at: number; readonly text: string }
  | { readonly kind: 'instead'; readonly text: string }

export type BodyEdit =
  | { readonly kind: 'set'; readonly at: number; readonly value: unknown }
  | { readonly kind: 'remove'; readonly at: number }
  | { readonly kind: 'rename'; readonly at: number; readonly name: string }
  | { readonly kind: 'wrap'; readonly at: number; readonly inArray: boolean; readonly times: number }
  | { readonly kind: 'repeat'; readonly at: number; readonly times: number }
  | { readonly kind: 'doubled'; readonly at: number; readonly value: unknown }

export type BodyUse =
  | { readonly kind: 'as it is' }
  | { readonly kind: 'edited'; readonly edits: readonly BodyEdit[] }
  | { readonly kind: 'text'; readonly text: string }
  | { readonly kind: 'none' }

export interface Damaged {
  readonly seed: number
  readonly method: string | null
  /** Segments put in place of others, by number. */
  readonly segments: readonly (readonly [at: number, text: string])[]
  readonly query: string | null
  readonly auth: TokenUse
  readonly subject: TokenUse
  readonly receipt: string | null
  readonly body: BodyUse
}

const huge = ['a'.repeat(300), 'a'.repeat(70_000), '💥'.repeat(20_000), ' '.repeat(100_000)] as const

/** Texts that have broken something somewhere before. */
const badText = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '',
      ' ',
      '\u0000',
      '\ud800',
      '\udfff\ud800',
      '💥',
      'é',
      '\u2028',
      '\ufeff',
      '%',
      '%zz',
      '%00',
      '%E0%A4',
      '__proto__',
      'constructor',
      'prototype',
      'toString',
      'hasOwnProperty',
      'null',
      'undefined',
      'NaN',
      '../..',
      "'; DROP TABLE token; --",
      '$where',
      '%s%n',
      '\r\nX-Evil: 1',
      '<b>',
      '{{7*7}}',
      '[]',
      '{}',
      '2026-99-99T99:99:99Z',
      '2099-01-01T00:00:00',
      '0',
      '-1',
      '1e999',
      'true',
      'default',
      'all',
      'system',
      ids.alice,
      ids.demo,
      ids.acme,
      ids.memberRole,
      ids.admin,
      made.trust,
      made.group,
      made.credential,
    ),
  },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 40 }) },
  { weight: 1, arbitrary: fc.string({ unit: 'grapheme', maxLength: 300 }) },
)

const nested = (depth: number, inArray: boolean): unknown => {
  let value: unknown = 'x'
  for (let i = 0; i < depth; i++) value = inArray ? [value] : { a: value }
  return value
}

/** JSON.parse makes `__proto__` an own member, as a body's would be; an object literal would not. */
const poisoned = JSON.parse(
  '{"__proto__": {"admin": true}, "constructor": {"prototype": {"x": 1}}}',
) as unknown

const badValue: fc.Arbitrary<unknown> = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom<unknown>(
      null,
      true,
      false,
      0,
      -0,
      -1,
      1.5,
      1e308,
      2 ** 53,
      [],
      {},
      [[]],
      [{}],
      [null],
      ['password'],
      poisoned,
    ),
  },
  { weight: 3, arbitrary: badText },
  { weight: 1, arbitrary: fc.jsonValue() },
  {
    weight: 1,
    arbitrary: fc.tuple(fc.constantFrom(5, 20, 41, 63, 200), fc.boolean()).map((at) => nested(...at)),
  },
)
const rarelyHuge = fc.oneof(
  { weight: 60, arbitrary: badValue },
  {
    weight: 1,
    arbitrary: fc.constantFrom<unknown>(
      ...huge,
      Array.from({ length: 5000 }, () => 'password'),
    ),
  },
)

const at = fc.nat({ max: 60 })
const edit: fc.Arbitrary<BodyEdit> = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('set' as const), at, value: rarelyHuge }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('remove' as const), at }) },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('rename' as const), at, name: badText }) },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('wrap' as const),
      at,
      inArray: fc.boolean(),
      times: fc.constantFrom(1, 2, 30, 100),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('repeat' as const), at, times: fc.constantFrom(2, 10, 200) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('doubled' as const), at, value: badValue }) },
)

const body: fc.Arbitrary<BodyUse> = fc.oneof(
  { weight: 3, arbitrary: fc.constant<BodyUse>({ kind: 'as it is' }) },
  {
    weight: 8,
    arbitrary: fc.record({
      kind: fc.constant('edited' as const),
      edits: fc.array(edit, { minLength: 1, maxLength: 3 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('text' as const),
      text: fc.oneof(
        badText,
        fc.json(),
        fc.constantFrom(
          '{',
          '[',
          '[['.repeat(40_000),
          '{"a":'.repeat(15_000),
          '{"auth": 1e999}',
          '"\\ud800"',
        ),
      ),
    }),
  },
  { weight: 1, arbitrary: fc.constant<BodyUse>({ kind: 'none' }) },
)

const tokenDamage: fc.Arbitrary<TokenDamage> = fc.oneof(
  {
    weight: 2,
    arbitrary: fc.record({
      kind: fc.constantFrom(
        'none' as const,
        'upper' as const,
        'padded' as const,
        'standard' as const,
        'reversed' as const,
        'twice' as const,
      ),
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({ kind: fc.constant('flip' as const), at: fc.nat(260), bit: fc.nat(7) }),
  },
  {
    weight: 2,
    arbitrary: fc.record({ kind: fc.constant('cut' as const), from: fc.nat(260), to: fc.nat(260) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('insert' as const), at: fc.nat(260), text: badText }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('instead' as const),
      text: fc.oneof(
        badText,
        fc.constantFrom(
          'gAAAAA',
          `gAAAAA${'A'.repeat(30_000)}`,
          'f'.repeat(32),
          '='.repeat(500),
          'gAAAAABrAkj5',
        ),
        fc.base64String({ maxLength: 300 }),
      ),
    }),
  },
)

const owners = [
  'admin',
  'alice',
  'service',
  'trust',
  'credential',
  'expired',
  'revoked',
  'uuid',
  'none',
] as const

/** A token in some place, mostly good enough to get past it. */
const tokenUse = (usual: TokenUse['of']): fc.Arbitrary<TokenUse> =>
  fc.oneof(
    { weight: 6, arbitrary: fc.constant<TokenUse>({ of: usual, damage: { kind: 'none' } }) },
    {
      weight: 2,
      arbitrary: fc.record({
        of: fc.constantFrom(...owners),
        damage: fc.constant({ kind: 'none' as const }),
      }),
    },
    { weight: 1, arbitrary: fc.record({ of: fc.constantFrom(...owners), damage: tokenDamage }) },
  )

const methods = [
  'GET',
  'HEAD',
  'POST',
  'PUT',
  'PATCH',
  'DELETE',
  'OPTIONS',
  'toString',
  '__proto__',
  '',
] as const
const query = fc.oneof(
  fc.constantFrom(
    '',
    'name',
    'name=%',
    'name__icontains=%E0%A4',
    '&&==&',
    '__proto__=1&constructor',
    'a&'.repeat(8000),
  ),
  fc
    .array(fc.tuple(badText, badText), { maxLength: 6 })
    .map((pairs) => pairs.map((pair) => pair.join('=')).join('&')),
)

/** Any request that has something wrong with it, or nothing. */
export const damaged: fc.Arbitrary<Damaged> = fc.record({
  seed: fc.nat({ max: seeds.length - 1 }),
  method: fc.oneof(
    { weight: 9, arbitrary: fc.constant(null) },
    { weight: 1, arbitrary: fc.constantFrom(...methods) },
  ),
  segments: fc.oneof(
    { weight: 6, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(fc.tuple(fc.nat(9), badText), { minLength: 1, maxLength: 2 }) },
  ),
  query: fc.oneof({ weight: 4, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: query }),
  auth: tokenUse('admin'),
  subject: tokenUse('alice'),
  receipt: fc.oneof({ weight: 20, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: badText }),
  body,
})

/** Requests with nothing wrong but the tokens: every damage in every place where one can stand. */
export const damagedTokens: fc.Arbitrary<Damaged> = fc.record({
  seed: fc.constantFrom(
    ...[...seeds.entries()]
      .filter(([, seed]) => seed.path.startsWith('/v3/auth/') || seed.path === '/v3/users')
      .map(([index]) => index),
  ),
  method: fc.constant(null),
  segments: fc.constant([]),
  query: fc.constant(null),
  auth: fc.record({ of: fc.constantFrom(...owners), damage: tokenDamage }),
  subject: fc.record({ of: fc.constantFrom(...owners), damage: tokenDamage }),
  receipt: fc.constant(null),
  body: fc.constant<BodyUse>({ kind: 'as it is' }),
})
