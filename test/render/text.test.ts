// How figures, times and names are put into words, and how text is kept inside a terminal's width.
// These functions write every number of the reports, so each of their edges is named here.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import {
  bytes,
  clockTime,
  count,
  duration,
  figure,
  fit,
  fold,
  listed,
  milliseconds,
  plain,
  share,
  shortTime,
  wrap,
} from '../../src/render/text.js'

describe('a figure', () => {
  test('has thousands with commas', () => {
    expect([0, 999, 1000, 12_480, 1_234_567].map(count)).toEqual(['0', '999', '1,000', '12,480', '1,234,567'])
  })

  test('has three significant digits at most, and no idle zeros', () => {
    expect([0, 9.134, 9.1, 12.34, 0.0421, 1203.6, 100, 0.5].map(figure)).toEqual([
      '0',
      '9.13',
      '9.1',
      '12.3',
      '0.0421',
      '1,204',
      '100',
      '0.5',
    ])
  })

  test('is a dash where there is no number', () => {
    expect([NaN, Infinity].map(count)).toEqual(['–', '–'])
    expect([null, NaN, -Infinity].map(figure)).toEqual(['–', '–', '–'])
    expect([milliseconds(null), bytes(null), share(1, 0), clockTime(NaN), duration(Infinity)]).toEqual([
      '–',
      '–',
      '–',
      '–',
      '–',
    ])
  })

  test('of a share never calls some none, nor nearly all all', () => {
    expect([
      share(0, 5),
      share(1, 1_000_000),
      share(1, 47),
      share(2, 100),
      share(999_999, 1_000_000),
    ]).toEqual(['0 %', '< 0.01 %', '2.1 %', '2 %', '> 99.99 %'])
  })

  test('of bytes counts in units of 1024', () => {
    expect([0, 1023, 1536, 1_288_490_189].map(bytes)).toEqual(['0 B', '1,023 B', '1.5 KiB', '1.2 GiB'])
  })
})

describe('time', () => {
  test('in a run reads as a clock that does not stop at a day', () => {
    expect([0, 1802, 93_600, 59.6].map(clockTime)).toEqual(['0:00:00', '0:30:02', '26:00:00', '0:01:00'])
  })

  test('on an axis leaves out seconds that are none', () => {
    expect([1800, 1802].map(shortTime)).toEqual(['0:30', '0:30:02'])
  })

  test('that something took has the two units that matter', () => {
    expect([0.2, 59, 60, 1298, 86_400, 93_600, 4 * 86_400 + 7200].map(duration)).toEqual([
      '0.2 s',
      '59 s',
      '1 min',
      '21 min 38 s',
      '24 h',
      '26 h',
      '4 d 2 h',
    ])
  })
})

describe('text', () => {
  test('from a scenario cannot steer the terminal', () => {
    expect(plain('\u001b[31mred\u001b[0m\u0007\r\n\u202Eback')).toBe('[31mred[0m back')
  })

  test('in a list ends with “and”', () => {
    expect([[], ['a'], ['a', 'b'], ['a', 'b', 'c']].map(listed)).toEqual(['', 'a', 'a and b', 'a, b and c'])
  })

  test('that is cut says so', () => {
    expect([fit('cutover', 7), fit('cutover', 4)]).toEqual(['cutover', 'cut…'])
  })

  test('wrapped keeps every word and never grows wider than asked', () => {
    const words = fc.array(fc.stringMatching(/^[a-z]{1,30}$/), { minLength: 1, maxLength: 40 })
    fc.assert(
      fc.property(words, fc.integer({ min: 20, max: 120 }), (list, width) => {
        const lines = wrap(list.join(' '), width, '  ')
        expect(lines.every((line) => line.length <= width && line.startsWith('  '))).toBe(true)
        expect(
          lines
            .map((line) => line.slice(2))
            .join('')
            .replaceAll(' ', ''),
        ).toBe(list.join(''))
      }),
    )
  })
})

test('a sentence for a terminal is folded between words, and a path in it stays whole', () => {
  const path = `/${'long/'.repeat(20)}scenario.yaml:3:7:`
  expect(
    fold(`${path} seed: is -1, but must be at least 0, which it is not in this file at all`, 40, '  '),
  ).toBe([path, '  seed: is -1, but must be at least 0,', '  which it is not in this file at all'].join('\n'))
  expect(fold('short', 40, '  ')).toBe('short')
})
