// The figures in which a recorded cutover and its replays are compared, and how they are counted from a list of exchanges.
// Both sides give the same list, so that nothing can be counted in two ways.

/** One exchange as both sides know it. Seconds are those of the recording, whose 0 lies after the warm-up. */
export interface Exchange {
  readonly clientClass: string
  /** `call`: at the service; the rest at Keystone itself. */
  readonly op: 'call' | 'validate' | 'issue'
  /** HTTP status; 0 if there was no answer. */
  readonly status: number
  readonly atSec: number
}

/** What a class of clients and Keystone went through. */
export interface Observed {
  /** What members of the classes were answered, each exchange for itself. */
  readonly seen: readonly Exchange[]
  /** What Keystone answered, to whomever. */
  readonly keystone: readonly Exchange[]
}

/** `count`: the mean must be near in proportion; `instant`: in seconds; `errors`: too few for more than the spread. */
export type FigureKind = 'count' | 'instant' | 'errors'

export interface Figure {
  readonly name: string
  readonly kind: FigureKind
  /** Null: there was none, so there is no instant. */
  readonly value: number | null
}

const instants = (what: string, at: readonly number[]): Figure[] => [
  { name: `${what}, first`, kind: 'instant', value: at.length === 0 ? null : Math.min(...at) },
  { name: `${what}, last`, kind: 'instant', value: at.length === 0 ? null : Math.max(...at) },
]

/** Figures of one class that calls the service, or Keystone itself (`direct`). */
const figuresOfClass = (name: string, seen: readonly Exchange[], direct: boolean): Figure[] => {
  const own = seen.filter(({ clientClass, atSec }) => clientClass === name && atSec >= 0)
  const at = (op: Exchange['op'], status: number): number[] =>
    own.filter((each) => each.op === op && each.status === status).map(({ atSec }) => atSec)
  const renewals = at('issue', 201)
  const refusals = direct ? at('validate', 404) : at('call', 401)
  const renewing = name === 'session-users'
  // Each renewal of a session follows a refusal that its user never sees.
  const refused = renewing ? refusals.length - renewals.length : refusals.length
  const errors = own.filter(({ status }) => status === 0).length
  return [
    { name: `${name}: refused`, kind: 'count', value: refused },
    ...(renewing || name === 'issuers' ? [] : instants(`${name}: refused`, refusals)),
    ...(name === 'issuers'
      ? [{ name: `${name}: tokens issued`, kind: 'count', value: renewals.length } as const]
      : [{ name: `${name}: new tokens`, kind: 'count', value: renewals.length } as const]),
    ...(renewing ? instants(`${name}: new tokens`, renewals) : []),
    { name: `${name}: no answer`, kind: 'errors', value: errors },
  ]
}

const classes = [
  ['session-users', false],
  ['saved-token-scripts', false],
  ['heat-like', false],
  ['direct-validators', true],
  ['issuers', false],
] as const

const keystoneAnswers = [
  ['validate', 200],
  ['validate', 404],
  ['validate', 401],
  ['issue', 201],
] as const

/** All figures, in the order of a table. */
export const figuresOf = ({ seen, keystone }: Observed): readonly Figure[] => [
  ...classes.flatMap(([name, direct]) => figuresOfClass(name, seen, direct)),
  ...keystoneAnswers.map(([op, status]): Figure => {
    const value = keystone.filter((each) => each.op === op && each.status === status).length
    return { name: `Keystone: ${op} ${status}`, kind: 'count', value }
  }),
]

/** One line of the comparison. */
export interface Comparison {
  readonly name: string
  readonly recorded: number | null
  readonly mean: number | null
  readonly least: number | null
  readonly most: number | null
  /** In proportion for counts, in seconds for instants; null where neither means anything. */
  readonly deviation: number | null
  readonly kind: FigureKind
  /** Whether the recorded figure lies within what the seeds gave; null: one replay has no spread. */
  readonly inSpread: boolean | null
  /** Whether the seeds' mean is near; null: there are too few to say so. */
  readonly near: boolean | null
  readonly holds: boolean
}

/** How far a mean may be from the recorded figure. */
const shareMost = 0.1
const secondsMost = 5
/** Below this one event more or less is a tenth and more, so that only the spread tells anything. */
const fewest = 20

const meanIsNear = (kind: FigureKind, recorded: number, mean: number): boolean | null => {
  if (kind === 'instant') return Math.abs(mean - recorded) <= secondsMost
  return kind === 'errors' || recorded < fewest ? null : Math.abs(mean / recorded - 1) <= shareMost
}

const compareFigure = ({ name, kind, value }: Figure, predicted: readonly (number | null)[]): Comparison => {
  const values = predicted.filter((each) => each !== null)
  if (value === null || values.length === 0) {
    const nothing = { recorded: value, mean: null, least: null, most: null, deviation: null }
    const holds = (value === null) === (values.length === 0)
    return { name, kind, ...nothing, inSpread: holds, near: null, holds }
  }
  const mean = values.reduce((sum, each) => sum + each, 0) / values.length
  const least = Math.min(...values)
  const most = Math.max(...values)
  const inSpread = values.length < 2 ? null : value >= least && value <= most
  const deviation = kind === 'instant' ? mean - value : value === 0 ? null : mean / value - 1
  const near = meanIsNear(kind, value, mean)
  // The last refusal of a day is one draw of a long tail: it is judged by its distance alone.
  const holds = near !== false && (kind === 'instant' || inSpread !== false)
  return { name, kind, recorded: value, mean, least, most, deviation, inSpread, near, holds }
}

/**
 * Compares a recorded run with its replays. A count must lie within what the seeds gave, and their mean within a tenth of it
 * if it is 20 or more; an instant within 5 s of their mean.
 */
export const compareFigures = (recorded: Observed, replays: readonly Observed[]): readonly Comparison[] =>
  compareWith(figuresOf(recorded), replays.map(figuresOf))

const compareWith = (
  figures: readonly Figure[],
  predicted: readonly (readonly Figure[])[],
): readonly Comparison[] =>
  figures.map((figure, i) =>
    compareFigure(
      figure,
      predicted.map((each) => each[i]?.value ?? null),
    ),
  )

/**
 * How many figures do not hold for each replay, taken for a recording and compared with the others. A recording is one draw itself:
 * of as many draws one more is the least or the most of all by chance, so a model without fault has such figures, too.
 * @returns one number for each; none for a single replay
 */
export const missesOfReplays = (replays: readonly Observed[]): readonly number[] => {
  if (replays.length < 2) return []
  const figures = replays.map(figuresOf)
  return figures.map(
    (own) =>
      compareWith(
        own,
        figures.filter((other) => other !== own),
      ).filter(({ holds }) => !holds).length,
  )
}
