// The shipped cost profiles are what their script derives from the measurements, and say what they stand on.
// It exists so that no number of a profile can be changed by hand.
import { readFileSync } from 'node:fs'
import { describe, expect, test } from '@jest/globals'
import { parseCostFile } from '../../src/scenario/costs/costFile.js'
import { shippedCosts } from '../../src/scenario/costs/shipped.js'
import { deriveProfile, fileOf, readRecordedCosts, releases, sourceOf } from './derive.js'

describe.each(releases)('the cost profile of %s', (release) => {
  test('is what the measurements give (npm run costs:derive writes it)', async () => {
    expect(readFileSync(fileOf(release), 'utf8')).toBe(await sourceOf(release))
    expect(shippedCosts[release]).toEqual(deriveProfile(release))
  })

  test('has a point for every measured row', () => {
    const rows = readRecordedCosts().rows.filter((row) => row.release === release)
    expect(shippedCosts[release].points).toHaveLength(rows.length)
  })

  test('is a file that a scenario may name', () => {
    const text = JSON.stringify(shippedCosts[release])
    expect(parseCostFile({ file: 'copy.json', text })).toEqual(shippedCosts[release])
  })
})

test('without a cache, refused validations take the part that the recorded cutover of Queens shows', () => {
  const row = shippedCosts.queens.rows.find(({ op, cache }) => op === 'validate' && cache === 'none')
  // Means of the recording: 200 in 116.7 ms, 404 in 61.9 ms, 401 in 5.0 ms.
  expect(row?.refused?.notFound).toBeCloseTo(61.9 / 116.7, 2)
  expect(row?.refused?.unauthorized).toBeCloseTo(5 / 116.7, 2)
})
