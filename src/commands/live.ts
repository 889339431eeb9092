// The option `--live`: on which port the page of a run is served, and who may look at it.
// It stands apart from the verb, so that the verb reads as what it does without a page.
import { InputError, type Problem } from '../base/errors.js'
import { LivePage } from '../worlds/live/livePage.js'

export interface LiveOptions {
  /** 0: any free one. */
  readonly port: number
  /** Null: one is made up. */
  readonly token: string | null
}

/** A token of one's own, for a Prometheus that is set up before the run: 22 characters of base64url are 128 bits. */
const tokenName = 'CUTOVER_LIVE_TOKEN'
const tokenForm = /^[A-Za-z0-9_-]{22,200}$/

/**
 * Reads the option; null if it is not there.
 * @throws InputError for what is no port, and for a token that could be guessed
 */
export const readLive = (
  given: string | true | undefined,
  env: Readonly<Record<string, string | undefined>>,
): LiveOptions | null => {
  if (given === undefined) return null
  const problems: Problem[] = []
  const port = given === true ? 0 : /^\d{1,5}$/.test(given) ? Number(given) : NaN
  if (!(port <= 65535)) {
    const remedy = 'write `--live` after the scenario, or with a number: `--live 8080`'
    problems.push({ path: '--live', message: `${String(given)} is no port`, remedy })
  }
  const token = env[tokenName] ?? ''
  if (token !== '' && !tokenForm.test(token)) {
    const message = 'is no token: 22 characters or more of A–Z, a–z, 0–9, - and _ are needed'
    const remedy = 'leave it away, and one is made up; or take one from `openssl rand -hex 16`'
    problems.push({ path: tokenName, message, remedy })
  }
  if (problems.length > 0) throw new InputError(problems)
  return { port, token: token === '' ? null : token }
}

/** Serves the page and says where; null if nobody asked for it. */
export const openLive = async (
  options: LiveOptions | null,
  scenario: string,
  onWords: (words: string) => void,
): Promise<LivePage | null> => {
  if (options === null) return null
  const page = await LivePage.open({ ...options, scenario, onWords })
  onWords(`Live page: ${page.address}`)
  return page
}
