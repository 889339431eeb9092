// Shell completion as a script for bash, zsh or fish, from a plain description of the program.
// What it offers is the description alone, so it follows every verb and option that there is.

/** A verb, or the program itself with path ''. */
export interface CompletedVerb {
  /** `rehearse`, `keys rotate`; '' for the program. */
  readonly path: string
  readonly about: string
  readonly verbs: readonly string[]
  /** Long options with whether a value follows. */
  readonly options: readonly { readonly name: string; readonly about: string; readonly value: boolean }[]
  /** What stands after the options. */
  readonly operand: 'scenario' | 'run' | 'file' | 'none'
}

export const shells = ['bash', 'zsh', 'fish'] as const
export type Shell = (typeof shells)[number]

/** For between single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`

/** Options of which the value is one of a few words, by name. */
const patternOf = (words: readonly string[]): string => words.map((word) => quoted(word)).join('|')

const bashCase = ({ path, verbs, options, operand }: CompletedVerb): string => {
  const valued = options.filter(({ value }) => value).map(({ name }) => name)
  return [
    `    ${quoted(path)})`,
    `      words=${quoted([...verbs, ...options.map(({ name }) => name)].join(' '))}`,
    `      operand=${operand}`,
    ...(valued.length === 0
      ? []
      : [`      case $previous in ${patternOf(valued)}) operand=file words= ;; esac`]),
    '      ;;',
  ].join('\n')
}

/** Verbs that are told by their first word alone, or by two. */
const bash = (
  program: readonly CompletedVerb[],
): string => `# Completion of cutover for bash: source it, or write
#   cutover completion bash > ~/.local/share/bash-completion/completions/cutover
_cutover() {
  local current=\${COMP_WORDS[COMP_CWORD]} previous=\${COMP_WORDS[COMP_CWORD-1]}
  local verb= words= operand=none i candidate
  for ((i = 1; i < COMP_CWORD; i++)); do
    candidate="\${verb:+$verb }\${COMP_WORDS[i]}"
    case $candidate in ${patternOf(program.map(({ path }) => path).filter((path) => path !== ''))}) verb=$candidate ;; *) break ;; esac
  done
  case $verb in
${program.map(bashCase).join('\n')}
  esac
  COMPREPLY=($(compgen -W "$words" -- "$current"))
  [[ $current == -* ]] && return
  case $operand in
    scenario)
      while IFS= read -r candidate; do
        [[ -d $candidate ]] && COMPREPLY+=("$candidate/")
        [[ $candidate == *.yaml || $candidate == *.yml ]] && COMPREPLY+=("$candidate")
      done < <(compgen -f -- "$current")
      ;;
    run)
      while IFS= read -r candidate; do
        if [[ -f $candidate/run.json ]]; then COMPREPLY+=("$candidate"); else COMPREPLY+=("$candidate/"); fi
      done < <(compgen -d -- "$current"; [[ -z $current ]] && compgen -d -- reports/)
      ;;
    file)
      while IFS= read -r candidate; do
        if [[ -d $candidate ]]; then COMPREPLY+=("$candidate/"); else COMPREPLY+=("$candidate"); fi
      done < <(compgen -f -- "$current")
      ;;
  esac
  # A folder is not the end of a word.
  [[ \${COMPREPLY[0]} == */ ]] && compopt -o nospace 2>/dev/null
}
complete -F _cutover cutover
`

/** zsh can run what is written for bash. */
const zsh = (
  program: readonly CompletedVerb[],
): string => `# Completion of cutover for zsh: source it after compinit, or write
#   cutover completion zsh >> ~/.zshrc
autoload -U +X bashcompinit && bashcompinit
compopt() { return 0; }
${bash(program).split('\n').slice(2).join('\n')}`

/** When a line of fish applies: these words, and none of those that lead further, have been typed. */
const fishWhen = ({ path, verbs }: CompletedVerb): string => {
  const seen = path.split(' ').filter((word) => word !== '')
  const conditions = seen.map((word) => `__fish_seen_subcommand_from ${word}`)
  if (seen.length === 0) conditions.push('__fish_use_subcommand')
  else if (verbs.length > 0) conditions.push(`not __fish_seen_subcommand_from ${verbs.join(' ')}`)
  return quoted(conditions.join('; and '))
}

const fishVerb = (verb: CompletedVerb, program: readonly CompletedVerb[]): readonly string[] => {
  const when = fishWhen(verb)
  const operands = {
    scenario: [`complete -c cutover -n ${when} -k -a '(__fish_complete_suffix .yaml)'`],
    run: [`complete -c cutover -n ${when} -a '(__fish_complete_directories)'`],
    file: [`complete -c cutover -n ${when} -F`],
    none: [],
  }
  return [
    ...verb.verbs.map((name) => {
      const about = program.find(({ path }) => path === `${verb.path} ${name}`.trim())?.about ?? ''
      return `complete -c cutover -n ${when} -a ${name} -d ${quoted(about)}`
    }),
    ...verb.options.map(
      ({ name, about, value }) =>
        `complete -c cutover -n ${when} -l ${name.slice(2)}${value ? ' -r -F' : ''} -d ${quoted(about)}`,
    ),
    ...operands[verb.operand],
  ]
}

const fish = (program: readonly CompletedVerb[]): string => `# Completion of cutover for fish: write
#   cutover completion fish > ~/.config/fish/completions/cutover.fish
complete -c cutover -f
${program.flatMap((verb) => fishVerb(verb, program)).join('\n')}
`

const scripts: Readonly<Record<Shell, (program: readonly CompletedVerb[]) => string>> = { bash, zsh, fish }

/** The script that a shell sources. */
export const renderCompletion = (shell: Shell, program: readonly CompletedVerb[]): string =>
  scripts[shell](program)
