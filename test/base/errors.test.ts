// How problems are worded and how an invariant ends the program.
// People see these lines as they are, and exit codes hang on the classes.
import { describe, expect, test } from '@jest/globals'
import { assert, DefectError, formatProblem, InputError, WorldError } from '../../src/base/errors.js'

describe('a problem as a line', () => {
  test('says file, line, column, path, what is wrong and what would be right', () => {
    const problem = {
      file: 'cloud.yaml',
      line: 3,
      column: 7,
      path: 'clients.users.every',
      message: '20 has no unit',
      remedy: 'write 20m',
    }
    expect(formatProblem(problem)).toBe('cloud.yaml:3:7: clients.users.every: 20 has no unit; write 20m')
  })

  test('says only what is known', () => {
    expect(formatProblem({ message: 'is empty' })).toBe('is empty')
    expect(formatProblem({ file: 'a.yaml', message: 'is empty' })).toBe('a.yaml: is empty')
    expect(formatProblem({ path: '--seed', message: 'is no seed', remedy: 'give a number' })).toBe(
      '--seed: is no seed; give a number',
    )
    expect(formatProblem({ file: 'a.yaml', path: '', message: 'is empty' })).toBe('a.yaml: is empty')
  })
})

describe('errors', () => {
  test('of the input carry every problem, a line each', () => {
    const error = new InputError([
      { file: 'a.yaml', line: 1, message: 'first' },
      { file: 'a.yaml', line: 2, message: 'second' },
    ])
    expect(error.message).toBe('a.yaml:1: first\na.yaml:2: second')
    expect(error.problems).toHaveLength(2)
  })

  test('can be told apart by class and name', () => {
    const errors = [new InputError([]), new WorldError('no port'), new DefectError('impossible')]
    expect(errors.map(({ name }) => name)).toEqual(['InputError', 'WorldError', 'DefectError'])
    expect(errors.every((error) => error instanceof Error)).toBe(true)
  })
})

describe('an invariant', () => {
  test('that holds changes nothing; one that does not is a defect of ours', () => {
    expect(() => assert(true, 'holds')).not.toThrow()
    expect(() => assert(false, 'a cloud without users')).toThrow(DefectError)
    expect(() => assert(false, 'a cloud without users')).toThrow('a cloud without users')
  })
})
