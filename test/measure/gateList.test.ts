// A file of gates: what is read of it, and that every mistake is named with its place.
import { expect, test } from '@jest/globals'
import { readGateList } from '../../src/measure/gateList.js'

const names = { classes: ['users', 'heat'] }

test('a gate stands on a line; dashes, comments and empty lines are passed over', () => {
  const text = '# limits\n\nrows(at=end) == 0 # drained\n  - rejected(class=users) < 5\n'
  const { gates, problems } = readGateList(text, names)
  expect(problems).toEqual([])
  expect(gates.map(({ text: gate }) => gate)).toEqual(['rows(at=end) == 0', 'rejected(class=users) < 5'])
})

test('each mistake is named with its line and its column in the file', () => {
  const { gates, problems } = readGateList(
    '- rejected(class=usres) < 5\nrows(at=end) = 0\nrows(at=end) == 0',
    names,
  )
  expect(gates).toHaveLength(1)
  expect(problems[0]).toMatchObject({ line: 1, column: 18, message: expect.stringContaining('usres') })
  expect(problems[1]).toMatchObject({ line: 2 })
})

test('a file without a gate judges nothing, and that is a mistake', () => {
  expect(readGateList('# nothing yet\n').problems).toHaveLength(1)
})
