// What `npm test` does before and after jest: the system's programs, and the line that ends a run.
// Exists because a test run that skips something or miscounts would make every other test worthless.
import { describe, expect, test } from '@jest/globals'
import { findProgram, instructions, missingPrograms, packagesFor, systemPrograms } from './setup/programs.mjs'
import { tally } from './setup/tally.mjs'

const result = {
  numPassedTests: 12,
  numFailedTests: 0,
  numPendingTests: 0,
  numTodoTests: 0,
  numRuntimeErrorTestSuites: 0,
}

describe('the line that ends a run', () => {
  test('counts what passed and failed, and what was skipped only if something was', () => {
    expect(tally([result])).toBe('12 passed, 0 failed')
    expect(tally([{ ...result, numFailedTests: 3 }])).toBe('12 passed, 3 failed')
    expect(tally([{ ...result, numPendingTests: 1, numTodoTests: 1 }])).toBe('12 passed, 0 failed, 2 skipped')
  })

  test('counts a test file that did not run, and a jest without a result, as failures', () => {
    expect(tally([{ ...result, numRuntimeErrorTestSuites: 1 }])).toBe('12 passed, 1 failed')
    expect(tally([null])).toBe('0 passed, 1 failed')
  })

  test('adds up several runs of jest', () => {
    expect(tally([result, { ...result, numFailedTests: 1 }, null])).toBe('24 passed, 2 failed')
  })
})

describe('the programs that tests need', () => {
  test('are found on the search path, and known to be missing otherwise', () => {
    expect(findProgram('sh', '/usr/bin:/bin')).toMatch(/\/sh$/)
    expect(findProgram('no-such-program-anywhere', '/usr/bin:/bin')).toBeNull()
    expect(missingPrograms(systemPrograms, () => '/usr/bin/it')).toEqual([])
    expect(missingPrograms(systemPrograms, () => null)).toEqual(systemPrograms)
  })

  test('are asked for by package, each once, with the reason and the command to run', () => {
    const packages = packagesFor(systemPrograms)
    expect(new Set(packages).size).toBe(packages.length)
    const text = instructions(systemPrograms)
    expect(text).toContain(`apt-get install -y --no-install-recommends ${packages.join(' ')}`)
    for (const { program, why } of systemPrograms) {
      expect(text).toContain(program)
      expect(text).toContain(why)
    }
  })
})
