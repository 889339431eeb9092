// The version that the program tells of itself is the one of its package.
// It stands twice so that no file is read at run time; this test is why that is safe.
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { version } from '../../src/base/version.js'

test('the version is the one in package.json', () => {
  const manifest = JSON.parse(readFileSync(new URL('../../package.json', import.meta.url), 'utf8')) as {
    readonly version: string
  }
  expect(version).toBe(manifest.version)
})
