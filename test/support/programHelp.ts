// What the program says of itself: its verbs, and the options of each, read off its help.
// It exists so that documents and recipes are held against what can really be typed.
import { UsageEnd } from '../../src/commands/exit.js'
import { createProgram } from '../../src/commands/program.js'

/** What `cutover … --help` prints. */
export const helpOf = async (...argv: readonly string[]): Promise<string> => {
  let text = ''
  const sink = { write: (part: string) => (text += part) }
  const surroundings = {
    argv: [...argv, '--help'],
    env: {},
    stdout: sink,
    stderr: sink,
    readStdin: () => Promise.resolve(''),
    onInterrupt: () => {},
    onExit: () => {},
  }
  await createProgram(surroundings)
    .run()
    .catch((error: unknown) => {
      if (!(error instanceof UsageEnd && error.code === 0)) throw error
    })
  return text
}

const optionsIn = (help: string): string[] =>
  [...help.matchAll(/^ {2}(?:-\w, )?(--[\w-]+)/gm)].map(([, name = '']) => name)

export const verbsIn = (help: string): string[] =>
  [...(help.split(/^Commands:$/m)[1]?.split('\n\n')[0] ?? '').matchAll(/^ {2}(\w+) /gm)].map(
    ([, verb = '']) => verb,
  )

/** The options of a verb, and of the words that may follow it (`keys verify`). */
export const optionsOf = async (verb: string): Promise<string[]> => {
  const help = await helpOf(verb)
  const words = verbsIn(help).filter((word) => word !== 'help')
  const below = await Promise.all(words.map(async (word) => optionsIn(await helpOf(verb, word))))
  return [...new Set([...optionsIn(help), ...below.flat()])]
}
