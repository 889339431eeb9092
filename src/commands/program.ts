// The verbs, joined into one program: help, usage errors with the right exit code, and nothing else.
// Each verb is a file beside this one.
import { Command, CommanderError } from 'commander'
import { version } from '../base/version.js'
import { exitCodes, UsageEnd } from './exit.js'
import type { Surroundings } from './terminal.js'

/** A verb adds itself to the program, and tells its exit code when it has run. */
export type AddVerb = (program: Command, surroundings: Surroundings, ended: (code: number) => void) => void

/** The verbs in the order of the help. Each is loaded when it is called, with the libraries that it alone needs. */
const verbs: ReadonlyMap<string, () => Promise<AddVerb>> = new Map(
  Object.entries({
    rehearse: async () => (await import('./rehearse.js')).addRehearse,
    init: async () => (await import('./init.js')).addInit,
    report: async () => (await import('./report.js')).addReport,
    compare: async () => (await import('./compare.js')).addCompare,
    gate: async () => (await import('./gate.js')).addGate,
    serve: async () => (await import('./serve.js')).addServe,
    keys: async () => (await import('./keys.js')).addKeys,
    inspect: async () => (await import('./inspect.js')).addInspect,
    plan: async () => (await import('./plan.js')).addPlan,
    capacity: async () => (await import('./capacity.js')).addCapacity,
    calibrate: async () => (await import('./calibrate.js')).addCalibrate,
    profile: async () => (await import('./profile.js')).addProfile,
    completion: async () => (await import('./completion.js')).addCompletion,
  }),
)

/** The verbs to load: the one that is called, or all, where all are to be listed, described or guessed at. */
const verbsFor = (argv: readonly string[]): readonly (() => Promise<AddVerb>)[] => {
  const called = argv[0] === undefined || argv[0] === 'completion' ? undefined : verbs.get(argv[0])
  return called === undefined ? [...verbs.values()] : [called]
}

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
    for (const load of verbsFor(surroundings.argv)) {
      const add = await load()
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
