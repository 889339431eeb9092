// The moves of a drafted scenario: what is done when, how long the run is, how fast the local world plays it, what must hold.
// It stands apart from the text of the draft because all of it follows from one instant: the last backend's switch.
import type { Draft } from './draft.js'
import { formatDuration } from './units.js'

/** A stretch of the local world's clock. `traffic` is a share. */
interface DraftStretch {
  readonly untilSec: number
  readonly speed: number
  readonly traffic: number
  readonly comment: readonly string[]
}

export interface DraftMoves {
  readonly description: string
  readonly durationSec: number
  readonly durationReason: string
  /** Lines of the file. */
  readonly timeline: readonly string[]
  readonly stretches: readonly DraftStretch[]
  /** Lines of the file. */
  readonly gates: readonly string[]
}

const minuteSec = 60
/** When the first step is done: time to see the cloud as it is. */
const leadSec = 30 * minuteSec
/** From one backend to the next. Assumption: configuration management reaches one every 30 s. */
const gapSec = 30
/** Calls in a real second that the load generator and the servers of one machine shall bear. */
const callsMost = 1000

const text = formatDuration

/** An instant of a gate, which has one unit. */
const instant = (sec: number): string =>
  sec % minuteSec === 0 ? `${sec / minuteSec}m` : `${Math.ceil(sec)}s`

/** Whether rows are to drain: a move that ends with Fernet, and a flush. */
const drains = ({ to, flushSec }: Draft): boolean => to === 'fernet' && flushSec !== null

const restartsOf = (draft: Draft): readonly ('heat' | 'magnum')[] =>
  (['heat', 'magnum'] as const).filter((name) => draft[name] > 0)

/** Real seconds for a part of the run, and what follows: its speed, and the share of traffic that the machine bears. */
const stretchOf = (
  { fromSec, untilSec, realSec, what }: { fromSec: number; untilSec: number; realSec: number; what: string },
  callsPerSec: number,
): DraftStretch => {
  const lengthSec = untilSec - fromSec
  const speed = Math.max(1, Math.round(lengthSec / realSec))
  const perRealSec = callsPerSec * speed
  const traffic = perRealSec <= callsMost ? 1 : Math.max(0.0001, Number((callsMost / perRealSec).toFixed(4)))
  const share = `${Number((traffic * 100).toPrecision(3))}%`
  return {
    untilSec,
    speed,
    traffic,
    comment: [
      `${what}: ${text(lengthSec)} in about ${realSec} s = speed ${speed}.`,
      ...(traffic === 1
        ? []
        : [
            `${Number(callsPerSec.toPrecision(3))} calls/s × ${speed} would be ${Math.round(perRealSec).toLocaleString('en')} in a real second; one machine bears about ${callsMost.toLocaleString('en')}: ${share} of the members.`,
          ]),
    ],
  }
}

const flushReason = ({ validitySec, windowSec, flushSec }: Draft): string =>
  `${text(validitySec)} of validity${windowSec === 0 ? '' : ` + ${text(windowSec)} in which the release keeps expired rows`} + ${text(flushSec ?? 0)} to the next flush`

/** From a switch to when the last row of before is gone, and a little. */
const drainSec = ({ validitySec, windowSec, flushSec }: Draft): number =>
  validitySec + windowSec + (flushSec ?? 0) + 10 * minuteSec

const shortMoves = (draft: Draft, callsPerSec: number): DraftMoves => {
  const { strategy, to, backends, cacheTimeSec } = draft
  const rolling = strategy === 'rolling'
  const lastSwitchSec = leadSec + (rolling ? (backends - 1) * gapSec : 0)
  const restarts = restartsOf(draft)
  const restartSec = lastSwitchSec + 15 * minuteSec
  const steps = restarts.map((name, i) => ({ name, atSec: restartSec + i * 5 * minuteSec }))
  // A refusal, too, is remembered for the cache's time; after that a restarted service is through.
  const settleSec = cacheTimeSec + minuteSec
  const windowEndSec = restartSec + 5 * minuteSec + settleSec + 5 * minuteSec
  const durationSec = Math.max(windowEndSec + 10 * minuteSec, lastSwitchSec + drainSec(draft))
  return {
    description: `${draft.name} from ${draft.from} to ${to}, ${rolling ? 'backend after backend' : 'all backends at once'}`,
    durationSec,
    durationReason: drains(draft)
      ? `The last switch at ${text(lastSwitchSec)} + ${flushReason(draft)} + 10 min.`
      : `The last switch at ${text(lastSwitchSec)} + one validity and more, so that every token of before has ended.`,
    timeline: [
      ...(rolling
        ? [
            `  - { at: ${text(leadSec)}, cutover: { to: ${to}, nodes: rolling, gap: ${gapSec}s } } # assumption: a backend every ${gapSec} s`,
          ]
        : [`  - { at: ${text(leadSec)}, cutover: { to: ${to} } }`]),
      ...steps.map(
        ({ name, atSec }) =>
          `  - { at: ${text(atSec)}, restart: ${name} } # assumption: ${text(atSec - lastSwitchSec)} after the last switch; sooner is better`,
      ),
    ],
    stretches: [
      stretchOf(
        { fromSec: 0, untilSec: windowEndSec, realSec: 90, what: 'The switch and what follows it' },
        callsPerSec,
      ),
      stretchOf(
        {
          fromSec: windowEndSec,
          untilSec: durationSec,
          realSec: 40,
          what: 'The rest, a time-lapse in which old tokens end',
        },
        callsPerSec,
      ),
    ],
    gates: [
      ...(draft.sessions > 0 ? ['  - rejected(class=users, window=start..cutover) == 0'] : []),
      ...steps.map(
        ({ name }) =>
          `  - rejected(class=${name}, window=restart(${name})+${instant(settleSec)}..${instant(windowEndSec)}) == 0 # the restart has ended it`,
      ),
      ...(drains(draft) ? ['  - rows(at=end) == 0'] : []),
    ],
  }
}

/** Nobody loses a token of before by the move. A saved token ends at its nominal expiry, whatever is done. */
const oldTokenGates = (draft: Draft): readonly string[] => {
  const cause = `cause=${draft.from}-on-${draft.to}-node`
  if (draft.savedTokens === 0) return [`  - rejected(${cause}) == 0`]
  const renewing = { users: draft.sessions, cli: draft.commandLines, heat: draft.heat, magnum: draft.magnum }
  return Object.entries(renewing)
    .filter(([, members]) => members > 0)
    .map(([name]) => `  - rejected(class=${name}, ${cause}) == 0`)
}

const dualMoves = (draft: Draft, callsPerSec: number): DraftMoves => {
  const { from, to, backends, validitySec } = draft
  const rollSec = (backends - 1) * gapSec
  const secondSec = leadSec + rollSec + 15 * minuteSec
  const secondEndSec = secondSec + rollSec
  const thirdSec = secondEndSec + validitySec + 10 * minuteSec
  const thirdEndSec = thirdSec + rollSec
  const durationSec = Math.max(thirdEndSec + 30 * minuteSec, secondEndSec + drainSec(draft))
  const windowEndSec = secondEndSec + 15 * minuteSec
  const backSec = Math.max(windowEndSec, thirdSec - 10 * minuteSec)
  const step = (atSec: number, mode: string): string =>
    `  - { at: ${text(atSec)}, cutover: { to: ${mode}, nodes: rolling, gap: ${gapSec}s } }`
  const stretches = [
    { fromSec: 0, untilSec: windowEndSec, realSec: 80, what: 'The first two phases' },
    { fromSec: windowEndSec, untilSec: backSec, realSec: 40, what: 'One validity, a time-lapse' },
    { fromSec: backSec, untilSec: durationSec, realSec: 30, what: 'The last phase and the end of the drain' },
  ].filter(({ fromSec, untilSec }) => untilSec > fromSec)
  return {
    description: `${draft.name} from ${from} to ${to} by two hybrid phases, in which both kinds of tokens are good`,
    durationSec,
    durationReason: drains(draft)
      ? `The last ${from} token at ${text(secondEndSec)} + ${flushReason(draft)} + 10 min, or half an hour after the last phase began.`
      : `Half an hour after the last phase has begun on every backend.`,
    timeline: [
      `  # 1. Every backend accepts both kinds, and still issues ${from}. (Assumption: a backend every ${gapSec} s.)`,
      step(leadSec, `dual-${from}`),
      `  # 2. Every backend issues ${to}, and still accepts ${from}.`,
      step(secondSec, `dual-${to}`),
      `  # 3. Only ${to}: ${text(secondEndSec)}, the last backend's second phase, + ${text(validitySec)} of validity + 10 min. Sooner refuses tokens.`,
      step(thirdSec, to),
    ],
    stretches: stretches.map((stretch) => stretchOf(stretch, callsPerSec)),
    gates: [
      `  - rejected(cause=${to}-on-${from}-node) == 0`,
      ...oldTokenGates(draft),
      ...(drains(draft) ? ['  - rows(at=end) == 0'] : []),
    ],
  }
}

/** What is done in a drafted scenario. `callsPerSec` are those of all members, in scenario time. */
export const draftMoves = (draft: Draft, callsPerSec: number): DraftMoves =>
  draft.strategy === 'dual' ? dualMoves(draft, callsPerSec) : shortMoves(draft, callsPerSec)
