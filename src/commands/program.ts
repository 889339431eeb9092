// The verbs, joined into one program: help, usage errors with the right exit code, and nothing else.
// Each verb is a file beside this one.
import { Command, CommanderError } from 'commander'
import { version } from '../base/version.js'
import { addCalibrate } from './calibrate.js'
import { addCompare } from './compare.js'
import { addCompletion } from './completion.js'
import { exitCodes, UsageEnd } from './exit.js'
import { addGate } from './gate.js'
import { addInit } from './init.js'
import { addInspect } from './inspect.js'
import { addKeys } from './keys.js'
import { addPlan } from './plan.js'
import { addProfile } from './profile.js'
import { addRehearse } from './rehearse.js'
import { addReport } from './report.js'
import { addServe } from './serve.js'
import type { Surroundings } from './terminal.js'

/** A verb adds itself to the program, and tells its exit code when it has run. */
export type AddVerb = (program: Command, surroundings: Surroundings, ended: (code: number) => void) => void

const verbs: readonly AddVerb[] = [
  addRehearse,
  addInit,
  addReport,
  addCompare,
  addGate,
  addServe,
  addKeys,
  addInspect,
  addPlan,
  addCalibrate,
  addProfile,
  addCompletion,
]

const helpColumns = ({ stdout }: Surroundings): number => stdout.columns ?? 80

/** Folds what is prose in a help text; what is indented (options, examples to copy) stays as it is. */
const foldProse = (text: string, columns: number): string =>
  text.replaceAll(/^\S.*$/gm, (line) =>
    line.replaceAll(new RegExp(`(.{1,${columns}})(?: |$)`, 'g'), '$1\n').trimEnd(),
  )

/** Settings of the program for a verb and the verbs below it; a usage error names the help of the very verb. */
const settle = (verb: Command, parent: Command, path = 'cutover'): void => {
  const own = `${path} ${verb.name()}`
  verb.copyInheritedSettings(parent).showHelpAfterError(`(${own} --help shows what it takes, and an example)`)
  for (const below of verb.commands) settle(below, verb, own)
}

export const createProgram = (surroundings: Surroundings): { run(): Promise<number> } => ({
  run: async () => {
    let code: number = exitCodes.pass
    const program = new Command('cutover')
    program
      .description(
        'Rehearse the move of OpenStack Keystone from UUID to Fernet tokens, before it is done for real.',
      )
      .version(version)
      .showSuggestionAfterError()
      .showHelpAfterError('(cutover VERB --help shows an example)')
      .exitOverride()
      .configureOutput({
        getOutHelpWidth: () => helpColumns(surroundings),
        getErrHelpWidth: () => helpColumns(surroundings),
        writeOut: (text) => surroundings.stdout.write(foldProse(text, helpColumns(surroundings))),
        writeErr: (text) => surroundings.stderr.write(text),
      })
      .addHelpText(
        'after',
        '\nExit codes: 0 pass · 1 a gate failed · 2 bad input or usage · 3 the world did not start · 4 inconclusive · 70 a defect.\n\nExample:\n  cutover rehearse scenarios/cern-2017.yaml',
      )
    for (const add of verbs) {
      add(program, surroundings, (verbCode) => {
        code = verbCode
      })
    }
    for (const verb of program.commands) settle(verb, program)
    try {
      await program.parseAsync([...surroundings.argv], { from: 'user' })
    } catch (error) {
      if (!(error instanceof CommanderError)) throw error
      throw new UsageEnd(error.exitCode === 0 ? exitCodes.pass : exitCodes.input)
    }
    return code
  },
})
