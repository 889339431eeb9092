// What a process list shows of our command line: the words without passwords and whole tokens.
// It exists because everybody on a machine may read the words that a process was started with.
import { conceal } from '../io/concealment.js'

const hidden = '…'
/** The password of an address, `mysql://user:password@host`; whatever stands before the last `@`, as it may hold anything. */
const credentials = /:\/\/.*@/
const uuidToken = /^[0-9a-f]{32}$/i
const passwordOption = /^--[\w-]*password(?==|$)/

const shownWord = (word: string, before: string): string => {
  if (passwordOption.test(before) && !before.includes('=')) return hidden
  if (passwordOption.test(word)) return word.replace(/=.*/s, `=${hidden}`)
  if (uuidToken.test(word)) return hidden
  return conceal(word.replace(credentials, `://${hidden}@`), [])
}

/** The title of the process; null if its words hold nothing that must be hidden. */
export const concealedTitle = (words: readonly string[]): string | null => {
  const shown = words.map((word, i) => shownWord(word, words[i - 1] ?? ''))
  return shown.every((word, i) => word === words[i]) ? null : ['cutover', ...shown].join(' ')
}
