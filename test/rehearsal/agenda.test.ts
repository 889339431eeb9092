// The agenda of both clocks, held against the simplest thing that could do the same: a sorted list.
// An entry out of order would let an effect come before its cause, so no shape of use may be left out.
import { describe, expect, test } from '@jest/globals'
import fc from 'fast-check'
import { Agenda } from '../../src/rehearsal/agenda.js'

/** Entries by time, among equals by entry; the sort of the language is stable. */
class SortedList {
  private entries: { readonly time: number; readonly name: number }[] = []

  add(time: number, name: number): void {
    this.entries.push({ time, name })
    this.entries.sort((a, b) => a.time - b.time)
  }

  nextTime(): number {
    return this.entries[0]?.time ?? Infinity
  }

  take(): number | undefined {
    return this.entries.shift()?.name
  }

  get size(): number {
    return this.entries.length
  }
}

describe('the agenda', () => {
  test('is a sorted list to everybody who uses it', () => {
    // Few different times, so that there are many equals; a null takes the next entry.
    const use = fc.array(fc.option(fc.integer({ min: 0, max: 12 }), { freq: 2 }), { maxLength: 120 })
    fc.assert(
      fc.property(use, (steps) => {
        const agenda = new Agenda()
        const list = new SortedList()
        let taken = -1
        steps.forEach((time, name) => {
          if (time !== null) {
            agenda.add(time, () => {
              taken = name
            })
            list.add(time, name)
          } else if (list.size > 0) {
            agenda.take()()
            expect(taken).toBe(list.take())
          }
          expect([agenda.size, agenda.nextTime()]).toEqual([list.size, list.nextTime()])
        })
        while (list.size > 0) {
          agenda.take()()
          expect(taken).toBe(list.take())
        }
        expect(agenda.nextTime()).toBe(Infinity)
      }),
      { numRuns: 500 },
    )
  })

  test('keeps the order of entry among equals, however many there are', () => {
    const agenda = new Agenda()
    const order: number[] = []
    for (let name = 0; name < 1000; name++) agenda.add(name % 3, () => order.push(name))
    while (agenda.size > 0) agenda.take()()
    const expected = [0, 1, 2].flatMap((rest) =>
      Array.from({ length: 1000 }, (_, name) => name).filter((name) => name % 3 === rest),
    )
    expect(order).toEqual(expected)
  })

  test('takes an entry that its own action adds', () => {
    const agenda = new Agenda()
    const order: string[] = []
    agenda.add(1, () => {
      order.push('first')
      agenda.add(1, () => order.push('added'))
    })
    agenda.add(2, () => order.push('last'))
    while (agenda.size > 0) agenda.take()()
    expect(order).toEqual(['first', 'added', 'last'])
  })
})
