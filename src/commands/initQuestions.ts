// What `cutover init` wants to know of a cloud: each with its option, its question, its default and what is wrong with an answer.
// It exists once, so that an option and an answer on the terminal are read and refused alike.
import { nearest } from '../base/nearest.js'
import { releaseProfiles } from '../identity/release.js'
import { draftStrategies } from '../scenario/draft.js'
import { readDuration, readRate, type Reading } from '../scenario/units.js'

/** One thing to know. `key` is the name of the option as commander has it. */
export interface Wanted {
  readonly key: string
  readonly option: string
  /** The question, and the option's help. */
  readonly ask: string
  readonly initial: string
  readonly choices?: readonly string[]
  /** What is wrong with a text, and what would be right; undefined if nothing is. */
  readonly wrong: (text: string) => { readonly message: string; readonly remedy: string } | undefined
}

const oneOf =
  (choices: readonly string[]): Wanted['wrong'] =>
  (text) => {
    if (choices.includes(text)) return undefined
    const meant = nearest(text, choices)
    return {
      message: `${JSON.stringify(text)} is not known`,
      remedy: meant === null ? `write one of ${choices.join(', ')}` : `did you mean ${meant}?`,
    }
  }

const whole =
  (least: number, most: number): Wanted['wrong'] =>
  (text) =>
    /^\d+$/.test(text) && Number(text) >= least && Number(text) <= most
      ? undefined
      : {
          message: `${JSON.stringify(text)} is no whole number from ${least} to ${most.toLocaleString('en')}`,
          remedy: `write a number: ${Math.max(least, 10)}`,
        }

const read =
  (reader: (text: string) => Reading, least: 'zero' | 'above zero'): Wanted['wrong'] =>
  (text) => {
    const reading = reader(text)
    if (!reading.ok) return reading
    return reading.value > 0 || least === 'zero'
      ? undefined
      : { message: 'must be above zero', remedy: 'for example 6h' }
  }

const namePattern = /^[A-Za-z][A-Za-z0-9_.-]{0,63}$/
const nameWrong = (text: string): ReturnType<Wanted['wrong']> =>
  namePattern.test(text)
    ? undefined
    : {
        message: `${JSON.stringify(text)} is no name`,
        remedy: 'letters, digits, _, . and -, a letter first, at most 64',
      }

const choice = (choices: readonly string[]): Pick<Wanted, 'choices' | 'wrong'> => ({
  choices,
  wrong: oneOf(choices),
})

const members = whole(0, 1_000_000)
const validity = read(readDuration, 'above zero')

/** Everything, in the order of the questions. */
export const wanted: readonly Wanted[] = [
  {
    key: 'name',
    option: '--name <name>',
    ask: 'what to call it',
    initial: 'my-cloud',
    wrong: nameWrong,
  },
  {
    key: 'users',
    option: '--users <number>',
    ask: 'users in Keystone',
    initial: '1000',
    wrong: whole(1, 1_000_000),
  },
  {
    key: 'projects',
    option: '--projects <number>',
    ask: 'projects in Keystone',
    initial: '300',
    wrong: whole(1, 1_000_000),
  },
  {
    key: 'services',
    option: '--services <names>',
    ask: 'services in the catalog, with commas',
    initial: 'nova,neutron,glance,cinder,heat',
    wrong: (text) =>
      text
        .split(',')
        .map((name) => nameWrong(name.trim()))
        .find((problem) => problem !== undefined),
  },
  {
    key: 'release',
    option: '--release <release>',
    ask: 'release of Keystone',
    initial: 'newton',
    ...choice(Object.keys(releaseProfiles)),
  },
  {
    key: 'backends',
    option: '--backends <number>',
    ask: 'Keystone backends',
    initial: '3',
    wrong: whole(1, 64),
  },
  {
    key: 'from',
    option: '--from <provider>',
    ask: 'token provider now',
    initial: 'uuid',
    ...choice(['uuid', 'fernet']),
  },
  {
    key: 'to',
    option: '--to <provider>',
    ask: 'token provider to move to',
    initial: 'fernet',
    ...choice(['fernet', 'uuid']),
  },
  {
    key: 'live',
    option: '--live <number>',
    ask: 'live tokens (rows not yet expired)',
    initial: '20000',
    wrong: whole(0, 10_000_000),
  },
  {
    key: 'validity',
    option: '--validity <duration>',
    ask: '[token] expiration',
    initial: '4h',
    wrong: validity,
  },
  {
    key: 'flush',
    option: '--flush <duration>',
    ask: 'time from one token_flush to the next, or never',
    initial: '1h',
    wrong: (text) => (text === 'never' ? undefined : validity(text)),
  },
  {
    key: 'rotation',
    option: '--rotation <duration>',
    ask: 'time from one key rotation to the next',
    initial: '2h',
    wrong: validity,
  },
  {
    key: 'cacheTime',
    option: '--cache-time <duration>',
    ask: 'token_cache_time of the services',
    initial: '5m',
    wrong: read(readDuration, 'zero'),
  },
  {
    key: 'sessions',
    option: '--sessions <number>',
    ask: 'programs with a session (CI, Terraform)',
    initial: '500',
    wrong: members,
  },
  {
    key: 'commandLines',
    option: '--command-lines <number>',
    ask: 'people at a command line',
    initial: '200',
    wrong: members,
  },
  {
    key: 'savedTokens',
    option: '--saved-tokens <number>',
    ask: 'scripts with a token in a file',
    initial: '10',
    wrong: members,
  },
  {
    key: 'heat',
    option: '--heat <number>',
    ask: 'stacks at work in Heat; 0 for no Heat',
    initial: '50',
    wrong: members,
  },
  {
    key: 'magnum',
    option: '--magnum <number>',
    ask: 'clusters of Magnum; 0 for no Magnum',
    initial: '0',
    wrong: members,
  },
  {
    key: 'strategy',
    option: '--strategy <strategy>',
    ask: 'how to move',
    initial: 'rolling',
    ...choice(draftStrategies),
  },
]

/** Instead of `--live`. */
export const issuesWrong: Wanted['wrong'] = read(readRate, 'above zero')
