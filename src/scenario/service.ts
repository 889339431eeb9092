// What a service that runs alone is told, by options and a file of its cloud, read with the words of a scenario.
// It exists so that `provider`, `24h` or `scrypt` mean the same, and are refused alike, wherever they are written.
import { z } from 'zod'
import { InputError, type Problem } from '../base/errors.js'
import { checkHash, checkProvider } from './checks.js'
import { readPart } from './facts.js'
import { explainIssue, valueAt, type Finding } from './issues.js'
import { toIdentity } from './parse.js'
import { locate, readFile } from './sources.js'
import { jsonSchemaOf } from './jsonSchema.js'
import { scenarioSchema } from './schema.js'
import type { IdentitySettings, Scenario } from './scenario.js'
import { readDuration } from './units.js'

/** Options as they were typed; what is left away has the scenario's default. */
export interface ServiceWords {
  readonly release: string
  readonly provider: string
  readonly backends?: string
  readonly expiration?: string
  readonly allowExpiredWindow?: string
  /** `SCHEME` or `SCHEME:ROUNDS`. */
  readonly passwordHash?: string
}

export interface ServiceSettings {
  readonly identity: IdentitySettings
  /** Seconds; null: the release's own. */
  readonly allowExpiredWindowSec: number | null
}

const identityDocument = z.object({ identity: scenarioSchema.shape.identity })

const hashSchema = scenarioSchema.shape.identity.unwrap().shape.password_hash

/** A number where it is one, so that the schema's own words meet what was typed. */
const numberOr = (text: string): number | string => (/^-?\d+(?:\.\d+)?$/.test(text) ? Number(text) : text)

const hashOf = (text: string): Readonly<Record<string, unknown>> => {
  const colon = text.indexOf(':')
  return colon < 0
    ? { scheme: text }
    : { scheme: text.slice(0, colon), rounds: numberOr(text.slice(colon + 1)) }
}

const asOption = ({ path, message, remedy }: Finding): Problem => {
  const word = String(path[1] ?? path[0]).replaceAll('_', '-')
  return { path: `--${word}`, message, ...(remedy === undefined ? {} : { remedy }) }
}

/** Reads the options; all that is wrong with them is in `problems`, and then there are no settings. */
export const readServiceWords = (
  words: ServiceWords,
): { readonly settings: ServiceSettings | null; readonly problems: readonly Problem[] } => {
  const { release, provider, backends, expiration, allowExpiredWindow, passwordHash } = words
  const data = {
    identity: {
      release,
      provider,
      ...(backends === undefined ? {} : { backends: numberOr(backends) }),
      ...(expiration === undefined ? {} : { expiration }),
      ...(passwordHash === undefined ? {} : { password_hash: hashOf(passwordHash) }),
    },
  }
  const shape = identityDocument.safeParse(data)
  const schema = jsonSchemaOf(identityDocument)
  const issues = shape.success ? [] : shape.error.issues.flatMap((issue) => explainIssue(issue, data, schema))
  const hash = readPart(hashSchema, data.identity.password_hash ?? {})
  const played = readPart(scenarioSchema.shape.identity.unwrap().shape.release, release) ?? 'mitaka'
  const mode = readPart(scenarioSchema.shape.identity.unwrap().shape.provider, provider) ?? 'fernet'
  const found = [...issues, ...checkProvider(mode, played), ...(hash === null ? [] : checkHash(hash, played))]
  const problems = found.map(asOption)
  const window = allowExpiredWindow === undefined ? null : readDuration(allowExpiredWindow)
  if (window?.ok === false) {
    problems.push({ path: '--allow-expired-window', message: window.message, remedy: window.remedy })
  }
  if (!shape.success || problems.length > 0) return { settings: null, problems }
  const allowExpiredWindowSec = window?.ok === true ? window.value : null
  return { settings: { identity: toIdentity(shape.data.identity), allowExpiredWindowSec }, problems }
}

/**
 * Reads the file of a cloud: the keys of a scenario's `cloud`, either alone or in a whole scenario, of which nothing
 * else is looked at. @throws InputError with all problems, each with line and column
 */
export const parseCloud = ({
  file,
  text,
}: {
  readonly file: string
  readonly text: string
}): Scenario['cloud'] => {
  const source = readFile(file, text)
  const { document } = source
  const syntax = document.problems.map((problem) => ({ file, ...problem }))
  if (!document.readable) throw new InputError(syntax)
  const inside = valueAt(document.data, ['cloud']) !== undefined
  const data = inside ? document.data : { cloud: document.data ?? {} }
  const cloudDocument = z.object({ cloud: scenarioSchema.shape.cloud })
  const shape = cloudDocument.safeParse(data)
  const schema = jsonSchemaOf(cloudDocument)
  const found = (shape.error?.issues ?? [])
    .flatMap((issue) => explainIssue(issue, data, schema))
    .map((finding) => (inside ? finding : { ...finding, path: finding.path.slice(1) }))
  const problems = [...syntax, ...found.map((finding) => locate(finding, source))]
  if (problems.length > 0 || !shape.success) throw new InputError(problems)
  return shape.data.cloud
}
