// A commented scenario for a cloud of which somebody told a few numbers. Each derived value says how it follows.
// It exists so that the way from one's own cloud to a first rehearsal is a few questions, not a reference.
import { draftMoves, type DraftMoves } from './draftMoves.js'
import type { ProviderMode } from '../token/mode.js'
import type { Release } from './scenario.js'
import { formatDuration } from './units.js'

export const draftStrategies = ['hard', 'rolling', 'dual'] as const
export type DraftStrategy = (typeof draftStrategies)[number]

/** What was told, and what other layers have derived from it. Durations in seconds. */
export interface Draft {
  readonly name: string
  readonly users: number
  readonly projects: number
  readonly services: readonly string[]
  readonly release: Release
  readonly backends: number
  readonly from: ProviderMode
  readonly to: ProviderMode
  /** Live tokens. */
  readonly live: number
  readonly validitySec: number
  /** How long the release keeps rows of expired tokens: `[token] allow_expired_window`. */
  readonly windowSec: number
  /** Time from one token_flush to the next; null: it never runs. */
  readonly flushSec: number | null
  readonly rotationSec: number
  /** As many as validity and rotation need. */
  readonly maxActiveKeys: number
  readonly cacheTimeSec: number
  readonly sessions: number
  readonly commandLines: number
  readonly savedTokens: number
  readonly heat: number
  readonly magnum: number
  readonly strategy: DraftStrategy
}

/** A class of clients as it is drafted. */
interface DraftClass {
  readonly name: string
  readonly behaviour: string
  readonly members: number
  readonly everySec: number
  readonly arrivals: 'poisson' | 'constant'
  readonly through: readonly string[]
  readonly comment: readonly string[]
}

/** How often members call where nobody was asked: an assumption, and marked as one. */
const assumedEverySec = 60

const count = (value: number): string => value.toLocaleString('en')

const rate = (perSec: number): string =>
  perSec >= 1 ? `${Number(perSec.toPrecision(3))}/s` : `${Number((perSec * 60).toPrecision(3))}/min`

/** Members who hold one token each and renew it as long as they are there. */
const holdersOf = ({ sessions, heat, magnum }: Draft): number => sessions + heat + magnum

const commandLineClass = (draft: Draft, services: readonly string[]): DraftClass => {
  const { live, validitySec, commandLines } = draft
  const holders = holdersOf(draft)
  const issuesPerSec = live / validitySec
  const ownPerSec = Math.max(0, live - holders - draft.savedTokens) / validitySec
  const everySec = Math.max(1, Math.round(commandLines / Math.max(ownPerSec, commandLines / (24 * 3600))))
  return {
    name: 'cli',
    behaviour: 'one-shot',
    members: commandLines,
    everySec,
    arrivals: 'poisson',
    through: services,
    comment: [
      'The `openstack` command line: a new token for each command. Its rate keeps the table at its size:',
      `${count(live)} live tokens / ${count(validitySec)} s of validity = ${rate(issuesPerSec)} issued. The ${count(holders + draft.savedTokens)} tokens that others hold leave`,
      `${rate(ownPerSec)} to the command lines: ${count(commandLines)} / ${rate(ownPerSec)} = one command of each every ${formatDuration(everySec)}.`,
    ],
  }
}

const classesOf = (draft: Draft): readonly DraftClass[] => {
  const { services } = draft
  const known = (wanted: readonly string[]): readonly string[] => {
    const found = wanted.filter((service) => services.includes(service))
    return found.length > 0 ? found : services.slice(0, 1)
  }
  const steady = { everySec: assumedEverySec, arrivals: 'constant' } as const
  const every = `Assumption: each calls every ${formatDuration(assumedEverySec)}.`
  const classes: readonly DraftClass[] = [
    {
      name: 'users',
      behaviour: 'password-session',
      members: draft.sessions,
      everySec: assumedEverySec,
      arrivals: 'poisson',
      through: known(['nova']),
      comment: [
        'Programs with a session (Terraform, CI, the dashboard): they log in again on a 401, each once.',
        `${every} A longer time makes their peak lower and longer.`,
      ],
    },
    commandLineClass(draft, known(['nova', 'neutron', 'glance', 'cinder'])),
    {
      ...steady,
      name: 'scripts',
      behaviour: 'saved-token-script',
      members: draft.savedTokens,
      through: known(['nova']),
      comment: [`Scripts with a token in a file: refused until a person acts. ${every}`],
    },
    {
      ...steady,
      name: 'heat',
      behaviour: 'heat-mitaka',
      members: draft.heat,
      through: known(['nova', 'neutron']),
      comment: [
        'Stacks at work in Heat (up to Mitaka): a trust’s token as a string, kept until a restart.',
        every,
      ],
    },
    {
      ...steady,
      name: 'magnum',
      behaviour: 'magnum',
      members: draft.magnum,
      through: known(['nova', 'heat']),
      comment: [`Clusters of Magnum: a trustee and a trust each, kept until a restart. ${every}`],
    },
  ]
  return classes.filter(({ members }) => members > 0)
}

const classLines = ({ comment, ...own }: DraftClass): readonly string[] => [
  ...comment.map((line) => `  # ${line}`),
  `  ${own.name}:`,
  `    behaviour: ${own.behaviour}`,
  `    members: ${own.members}`,
  `    every: ${formatDuration(own.everySec)}`,
  `    arrivals: ${own.arrivals}`,
  `    through: [${own.through.join(', ')}]`,
]

const identityLines = (draft: Draft): readonly string[] => {
  const validity = formatDuration(draft.validitySec)
  const rotation = formatDuration(draft.rotationSec)
  return [
    'identity:',
    `  release: ${draft.release}`,
    `  provider: ${draft.from} # now; the timeline moves it to ${draft.to}`,
    `  backends: ${draft.backends}`,
    `  expiration: ${validity}`,
    `  flush: ${draft.flushSec === null ? 'never' : formatDuration(draft.flushSec)}`,
    '  keys:',
    `    rotation: ${rotation}`,
    `    # ${validity} of validity / ${rotation} between rotations, rounded up, + 2 (the staged key, and the primary that still seals).`,
    ...(draft.windowSec === 0
      ? []
      : [
          `    # Services that ask for expired tokens need keys for ${formatDuration(draft.windowSec)} more: see \`cutover plan\`.`,
        ]),
    `    max_active_keys: ${draft.maxActiveKeys}`,
    `    distribute_after: ${formatDuration(Math.min(60, draft.rotationSec / 10))} # assumption: how long the copy to the other backends takes`,
    '  # The clock below runs faster than real time, so a real hash would cost that many times too much. At `speed: 1`',
    '  # leave this away, and the release’s own is used.',
    '  password_hash: { scheme: plain }',
  ]
}

const clockLines = ({ stretches }: DraftMoves): readonly string[] => [
  '# The local world only: how fast scenario time passes, and with what share of the members.',
  'clock:',
  ...stretches.flatMap(({ untilSec, speed, traffic, comment }) => [
    ...comment.map((line) => `  # ${line}`),
    `  - { until: ${formatDuration(untilSec)}, speed: ${speed}${traffic === 1 ? '' : `, traffic: ${Number((traffic * 100).toPrecision(3))}%`} }`,
  ]),
]

/** Calls a second of all members together. */
const callsPerSecOf = (classes: readonly DraftClass[]): number =>
  classes.reduce((sum, { members, everySec }) => sum + members / everySec, 0)

/**
 * The text of a scenario.
 * @param schema where its JSON Schema is, relative to the file, for editors
 */
export const draftScenario = (draft: Draft, schema: string): string => {
  const classes = classesOf(draft)
  const moves = draftMoves(draft, callsPerSecOf(classes))
  const lines: readonly (readonly string[])[] = [
    [
      `# yaml-language-server: $schema=${schema}`,
      `# A first draft of ${draft.name}, made by \`cutover init\` from a few numbers. What you said stands here as you said it; what`,
      '# follows from it has a comment that says how. Assumptions are marked: replace them by what you measure.',
      `name: ${draft.name}`,
      `description: ${moves.description}`,
      'seed: 1 # equal seeds give equal plans; try others',
      `# ${moves.durationReason}`,
      `duration: ${formatDuration(moves.durationSec)}`,
    ],
    [
      'cloud:',
      `  users: ${draft.users}`,
      `  projects: ${draft.projects}`,
      `  services: [${draft.services.join(', ')}]`,
    ],
    identityLines(draft),
    [
      '# The auth_token middleware before every service. A dead token is noticed when this memory of it ends.',
      'middleware:',
      `  token_cache_time: ${formatDuration(draft.cacheTimeSec)}`,
      '  workers: 4 # assumption: each has a session of its own at Keystone',
    ],
    [
      '# Their ends lie evenly over the validity, as a steady rate of issuing leaves them.',
      'tokens:',
      `  live: ${draft.live}`,
    ],
    ['clients:', ...classes.flatMap(classLines)],
    ['timeline:', ...moves.timeline],
    clockLines(moves),
    [
      '# What must hold for the run to pass. Add what you can bear, for example:',
      '#   - rejected(class=users, window=cutover..+20m) < 5000',
      '#   - p99(response, op=validate, window=after) <= 1.2 * before',
      'gates:',
      ...moves.gates,
    ],
  ]
  return `${lines.map((part) => part.join('\n')).join('\n\n')}\n`
}
