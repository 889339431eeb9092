// cutover completion SHELL: a script that completes verbs, options, scenario files and run folders.
// It is read off the program itself, so that no verb or option can be missing.
import type { Command } from 'commander'
import { InputError } from '../base/errors.js'
import { nearest } from '../base/nearest.js'
import { renderCompletion, shells, type CompletedVerb } from '../render/completion.js'
import { exitCodes } from './exit.js'
import type { Surroundings } from './terminal.js'

const operands: Readonly<Record<string, CompletedVerb['operand']>> = {
  scenario: 'scenario',
  run: 'run',
  runs: 'run',
}

const operandOf = (command: Command): CompletedVerb['operand'] => {
  const [first] = command.registeredArguments
  return first === undefined ? 'none' : (operands[first.name()] ?? 'file')
}

const describe = (command: Command, path: string): readonly CompletedVerb[] => {
  const help = { name: '--help', about: 'display help for command', value: false }
  const own: CompletedVerb = {
    path,
    about: command.description(),
    // A shell is a word to choose, as a verb is.
    verbs: path === 'completion' ? [...shells] : command.commands.map((verb) => verb.name()),
    options: [
      ...command.options.map(({ long, short, description, required, optional }) => ({
        name: long ?? short ?? '',
        about: description,
        value: required || optional,
      })),
      help,
    ],
    operand: path === 'completion' ? 'none' : operandOf(command),
  }
  return [own, ...command.commands.flatMap((verb) => describe(verb, `${path} ${verb.name()}`.trim()))]
}

export const addCompletion = (
  program: Command,
  surroundings: Surroundings,
  ended: (code: number) => void,
): void => {
  program
    .command('completion')
    .argument('<shell>', shells.join(', '))
    .description('print a script that completes verbs, options, scenarios and runs in your shell')
    .addHelpText(
      'after',
      '\nExamples:\n  source <(cutover completion bash)\n  cutover completion fish > ~/.config/fish/completions/cutover.fish',
    )
    .action((name: string) => {
      const shell = shells.find((known) => known === name)
      if (shell === undefined) {
        const meant = nearest(name, shells)
        const remedy = meant === null ? `write one of ${shells.join(', ')}` : `did you mean ${meant}?`
        throw new InputError([{ path: 'completion', message: `there is no script for ${name}`, remedy }])
      }
      surroundings.stdout.write(renderCompletion(shell, describe(program, '')))
      ended(exitCodes.pass)
    })
}
