// What a node issues and takes in each phase of a migration, as Lance Bragstad's "Migrating token formats" has them.
// Whole rehearsals rest on this table: a wrong cell would be a wrong peak.
import { expect, test } from '@jest/globals'
import { accepts, issues, providerModes } from '../../src/token/mode.js'

test.each([
  ['uuid', 'uuid', ['uuid']],
  ['dual-uuid', 'uuid', ['uuid', 'fernet']],
  ['dual-fernet', 'fernet', ['uuid', 'fernet']],
  ['fernet', 'fernet', ['fernet']],
] as const)('a node in %s issues %s tokens and takes %j', (mode, issued, taken) => {
  expect(issues(mode)).toBe(issued)
  expect((['uuid', 'fernet'] as const).filter((format) => accepts(mode, format))).toEqual(taken)
})

test('each phase takes what the one before it issues, but the last does not take what the first did', () => {
  const takesOver = (from: number, to: number): boolean =>
    accepts(providerModes[to] ?? 'uuid', issues(providerModes[from] ?? 'uuid'))
  expect([takesOver(0, 1), takesOver(1, 2), takesOver(2, 3), takesOver(0, 3)]).toEqual([
    true,
    true,
    true,
    false,
  ])
})
