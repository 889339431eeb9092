// Replays what was recorded: brings about the state, asks what was asked, compares what came back.
// It exists so that "answers as Keystone does" is a list that can be run, one line for each recorded answer.
import { parseInstant } from '../../src/identity/instants.js'
import { ids } from '../identity/support/keystone.js'
import { compareAnswers, compareValues, Likeness } from './compare.js'
import type { Difference } from './compare.js'
import { answersFiles } from './recordings.js'
import type { AnswersFile, RecordedAnswer, RecordedState } from './recordings.js'
import { replaySingle } from './singles.js'
import { onStage } from './stage.js'
import type { HttpAnswer } from './stage.js'
import { callersOf, places, stateNames, states } from './states.js'
import type { Place, StateNames } from './states.js'
import { replayTokens } from './tokens.js'

/** The result of one recorded answer. */
export interface Replayed {
  readonly file: string
  /** The state or the token. */
  readonly entry: string
  /** What was asked of it. */
  readonly asked: string
  readonly differences: readonly Difference[]
  /** Why a difference is none of ours; what the answer must be instead was compared all the same. */
  readonly excuse?: string
}

/** The instant in a recorded body's `issued_at`; null if it holds none. */
export const issuedAt = (answer: RecordedAnswer | undefined): number | null => {
  const { token } = (answer?.body ?? {}) as { readonly token?: { readonly issued_at: string } }
  return token === undefined ? null : parseInstant(token.issued_at)
}

/** Ids that are the same on our stage, where the recording is of the same cloud. */
export const sameIds = (release: AnswersFile['release']): Likeness =>
  new Likeness(release === 'queens' ? Object.values(ids) : [])

export const isState = (entry: unknown): entry is RecordedState =>
  typeof entry === 'object' && entry !== null && 'subject GET' in entry

interface SeenBody {
  readonly token?: {
    readonly user?: { readonly name: string }
    readonly project?: { readonly name: string }
    readonly application_credential?: { readonly name: string }
  }
}

const namesIn = (answer: RecordedAnswer | undefined): StateNames => {
  const { token } = (answer?.body ?? {}) as SeenBody
  return {
    user: token?.user?.name ?? stateNames.user,
    project: token?.project?.name ?? stateNames.project,
    credential: token?.application_credential?.name ?? stateNames.credential,
  }
}

/** The port in a recorded answer is that of its Keystone. */
export const publicUrlOf = ({ release }: AnswersFile): string =>
  release === 'newton' ? 'http://127.0.0.1:15010' : 'http://127.0.0.1:15013'

/** The expiration in the recorded configuration: tokens that were to expire were given six seconds. */
export const expirationOf = (name: string): number => (/expired|short expiry/.test(name) ? 6 : 3600)

const replayState = (file: AnswersFile, name: string, state: RecordedState): Promise<readonly Replayed[]> =>
  onStage(
    { ...file, publicUrl: publicUrlOf(file), expirationSec: expirationOf(name) },
    async (stage): Promise<readonly Replayed[]> => {
      const bring = states[name]
      if (bring === undefined) throw new Error(`nobody knows how to bring about: ${name}`)
      const shown =
        state['subject GET']?.status === 200 ? 'subject GET' : 'subject GET allow_expired=1 (service token)'
      stage.nowSec = issuedAt(state[shown]) ?? stage.nowSec
      const token = await bring(stage, { sample: state.token, names: namesIn(state[shown]) })
      const callers = await callersOf(stage)
      const likeness = sameIds(file.release)
      likeness.matches(state.token, token)
      const replayed: Replayed[] = []
      for (const [place, ask] of Object.entries(places)) {
        const recorded = state[place as Place]
        if (recorded === undefined) continue
        stage.nowSec = place.includes('rescope') ? (issuedAt(recorded) ?? stage.nowSec) : stage.nowSec
        const ours = (await ask(stage, token, callers)) as HttpAnswer
        const differences = compareAnswers(recorded, ours, likeness)
        replayed.push({ file: file.file, entry: name, asked: place, differences })
      }
      return [...replayed, ...defectsOf(stage.defects, file.file, name)]
    },
  )

/** An error of ours behind an answer is a difference of its own. */
export const defectsOf = (defects: readonly unknown[], file: string, entry: string): readonly Replayed[] =>
  defects.map((defect) => ({
    file,
    entry,
    asked: 'defect',
    differences: [{ where: 'server', recorded: 'no error', ours: String(defect) }],
  }))

const rotationKeys = (file: AnswersFile, recorded: string[][]): Promise<Replayed> =>
  onStage({ ...file }, (stage) => {
    const ours = recorded.map((_, index) => {
      if (index > 0) stage.rotate()
      return stage.keyIndexes.map(String)
    })
    const found: Difference[] = []
    compareValues(recorded, ours, { where: 'keys', likeness: new Likeness(), found })
    return Promise.resolve({ file: file.file, entry: 'rotation keys', asked: 'rotate', differences: found })
  })

/** Replays one file of answers. */
async function* replayAnswers(file: AnswersFile): AsyncGenerator<Replayed> {
  for (const [name, entry] of file.entries) {
    if (Array.isArray(entry)) yield await rotationKeys(file, entry)
    else if (isState(entry)) yield* await replayState(file, name, entry)
    else yield* await replaySingle(file, name, entry)
  }
}

/** Replays everything that was recorded, answer by answer. */
export async function* replayAll(): AsyncGenerator<Replayed> {
  for (const file of answersFiles()) yield* replayAnswers(file)
  yield* replayTokens()
}
