// Questions on a terminal: an answer typed or chosen, checked before it is taken, and Ctrl-C as an end.
// It exists so that commands ask in plain data and know nothing of the library that draws.
import type { Readable, Writable } from 'node:stream'
import { isCancel, select, text } from '@clack/prompts'

/** Where somebody sits. */
export interface Terminal {
  readonly input: Readable
  readonly output: Writable
}

/** One question. With `choices` one of them is picked; else the answer is typed. */
export interface Question {
  readonly message: string
  /** Taken when nothing is typed. */
  readonly initial: string
  readonly choices?: readonly string[]
  /** What is wrong with an answer, or undefined. */
  readonly wrong: (answer: string) => string | undefined
}

/** The answer, or null where it was broken off. */
export const ask = async (
  { input, output }: Terminal,
  { message, initial, choices, wrong }: Question,
): Promise<string | null> => {
  const answer =
    choices === undefined
      ? await text({
          input,
          output,
          message,
          placeholder: initial,
          defaultValue: initial,
          validate: (typed) => (typed === undefined || typed === '' ? undefined : wrong(typed)),
        })
      : await select({
          input,
          output,
          message,
          initialValue: initial,
          options: choices.map((value) => ({ value })),
        })
  return isCancel(answer) ? null : answer
}
