// The recorded tokens themselves: asked for again, and the recorded ones validated, with their keys and their rows.
// They exist apart because in a validation nothing differs by nature: ids, times and audit ids must be the recorded.
import { extraFromText } from '../../src/identity/extra.js'
import { parseInstant } from '../../src/identity/instants.js'
import { parseFernetKey } from '../../src/token/fernet.js'
import { keyRing } from '../../src/token/keyring.js'
import { ids } from '../identity/support/keystone.js'
import { compareAnswers, compareValues, Likeness } from './compare.js'
import type { Difference } from './compare.js'
import { fernetTokens, fernetTokensFile, uuidTokens, uuidTokensFile } from './recordings.js'
import type { FormatterVector, RecordedAnswer, RecordedToken } from './recordings.js'
import { defectsOf, issuedAt, sameIds } from './replay.js'
import type { Replayed } from './replay.js'
import { onStage } from './stage.js'
import type { HttpAnswer, HttpStage, StageOptions } from './stage.js'
import { adminToken, login, makeCredential, tokensPath, trustRequest, trustsPath } from './states.js'

/** The file, the stage that it needs, and all its tokens, of which some were exchanged for others. */
interface Recording {
  readonly file: string
  readonly options: StageOptions
  readonly all: readonly RecordedToken[]
}

/** Puts a recorded row into the token table. */
const insertRow = (stage: HttpStage, { token_table_row: row, trust }: RecordedToken): void => {
  if (row === undefined) return
  const extra = JSON.stringify(row.extra)
  stage.store.insertToken({
    id: row.id,
    expiresAtSec: parseInstant(row.expires) ?? 0,
    valid: true,
    userId: trust?.impersonation === false ? ids.bob : extraFromText(extra).claims.userId,
    trustId: trust?.id ?? null,
    extra: extraFromText(extra),
  })
}

/** Puts what a recorded token stands on into the cloud: its trust, its application credential. */
const provide = (stage: HttpStage, { trust, application_credential: credential }: RecordedToken): void => {
  const common = { project_id: ids.demo, role_ids: [ids.memberRole], expires_at: null }
  if (trust !== undefined) {
    const parties = { trustor_user_id: ids.alice, trustee_user_id: ids.bob }
    const { id, impersonation } = trust
    stage.store.put('trust', { id, ...parties, impersonation, remaining_uses: null, ...common })
  }
  if (credential !== undefined) {
    const { id, name, secret } = credential
    const owner = { user_id: ids.alice, secret_hash: `plain:${secret}` }
    stage.store.put('application_credential', { id, name, ...owner, unrestricted: false, ...common })
  }
}

/** Every id in an answer stands for itself, but for one that stands for another. */
const exactly = (recorded: RecordedAnswer, but = ''): Likeness =>
  new Likeness(
    (JSON.stringify(recorded).match(/gAAAA[\w-]{40,}|[0-9a-f]{32}|"[\w-]{22}"/g) ?? [])
      .map((id) => id.replaceAll('"', ''))
      .filter((id) => id !== but),
  )

const validated = async (stage: HttpStage, subject: string, query?: string): Promise<HttpAnswer> =>
  stage.send('GET', tokensPath, {
    auth: await adminToken(stage),
    subject,
    ...(query === undefined ? {} : { query }),
  })

const replayed = (recording: Recording, entry: string) => {
  const lines: Replayed[] = []
  const line = (asked: string, differences: readonly Difference[], excuse?: string): void => {
    lines.push({
      file: recording.file,
      entry,
      asked,
      differences,
      ...(excuse === undefined ? {} : { excuse }),
    })
  }
  return { lines, line }
}

/** The recorded request again, at the recorded instant: the answer and, with UUID tokens, the row. */
const replayIssue = (recording: Recording, vector: RecordedToken): Promise<readonly Replayed[]> =>
  onStage(recording.options, async (stage) => {
    const { lines, line } = replayed(recording, vector.kind)
    stage.nowSec = issuedAt(vector.issue) ?? 0
    for (const other of recording.all) if (other !== vector) insertRow(stage, other)
    provide(stage, vector)
    const likeness = sameIds('queens')
    const ours = await stage.send('POST', tokensPath, { json: vector.request })
    line('issue', compareAnswers(vector.issue, ours, likeness))
    if (vector.token_table_row !== undefined) {
      line(
        'row of the table',
        compareRow(stage, vector, { token: ours.header('X-Subject-Token') ?? '', likeness }),
      )
    }
    return [...lines, ...defectsOf(stage.defects, recording.file, vector.kind)]
  })

const compareRow = (
  stage: HttpStage,
  { token_table_row: recorded }: RecordedToken,
  about: { readonly token: string; readonly likeness: Likeness },
): readonly Difference[] => {
  const row = stage.store.findToken(about.token)
  const found: Difference[] = []
  const ours = row && {
    id: row.id,
    expires: new Date(row.expiresAtSec * 1000).toISOString().slice(0, 19).replace('T', ' '),
    valid: row.valid ? 1 : 0,
    user_id: row.userId,
    trust_id: row.trustId,
    extra: JSON.parse(row.extra.text) as unknown,
  }
  compareValues(recorded, ours, { where: 'row', likeness: about.likeness, found })
  return found
}

/** The recorded token itself, validated with and without the catalog. */
const replayValidation = (recording: Recording, vector: RecordedToken): Promise<readonly Replayed[]> =>
  onStage(recording.options, async (stage) => {
    const { lines, line } = replayed(recording, vector.kind)
    stage.nowSec = (issuedAt(vector.issue) ?? 0) + 1
    insertRow(stage, vector)
    provide(stage, vector)
    const { token, validate, validate_nocatalog: bare } = vector
    line('validate', compareAnswers(validate, await validated(stage, token), exactly(validate)))
    line(
      'validate nocatalog',
      compareAnswers(bare, await validated(stage, token, 'nocatalog'), exactly(bare)),
    )
    return [...lines, ...defectsOf(stage.defects, recording.file, vector.kind)]
  })

/** What alice made before she asked for the token: the body of her trust, of her application credential. */
const replayGround = (recording: Recording, vector: RecordedToken): Promise<readonly Replayed[]> =>
  onStage(recording.options, async (stage) => {
    const { lines, line } = replayed(recording, vector.kind)
    const found: Difference[] = []
    const about = { where: 'body', likeness: sameIds('queens'), found }
    if (vector.trust !== undefined) {
      const json = trustRequest(vector.trust.impersonation)
      const made = await stage.send('POST', trustsPath, { auth: await login(stage, 'alice'), json })
      compareValues(vector.trust, made.json.trust, about)
      line('trust', found)
    }
    if (vector.application_credential !== undefined) {
      const { secret } = vector.application_credential
      const made = await makeCredential(stage, vector.application_credential.name)
      const ours = (made.json as { application_credential: { readonly secret: string } })
        .application_credential
      // A secret is chance; its length and alphabet are not.
      const alike = ours.secret.length === secret.length && /^[\w-]+$/.test(ours.secret)
      compareValues(vector.application_credential, { ...ours, ...(alike ? { secret } : {}) }, about)
      line('application credential', found)
    }
    return lines
  })

const oldEncoding =
  'recorded on msgpack ≥ 1.0, which breaks on the raw family of its own time; ours must answer as for the same claims in the new encoding'

const federatedUnscoped = 'federated unscoped'
const bytesProtocol =
  'a federated unscoped token: recorded on Python 3, where the protocol comes out of the payload as bytes, which cannot be written as JSON (500); ours must answer 200'

/** A token from Keystone's formatter. The twin carries the same claims in the new encoding, or is the vector itself. */
const replayFormatted = (
  recording: Recording,
  vector: FormatterVector,
  twin: FormatterVector,
): Promise<readonly Replayed[]> =>
  onStage(recording.options, async (stage) => {
    const { lines, line } = replayed(recording, vector.kind)
    stage.nowSec = vector.decoded.fernet_timestamp + 1
    const ours = await validated(stage, vector.token)
    if (twin.kind === federatedUnscoped) {
      const found: Difference[] = []
      compareValues(200, ours.status, { where: 'status', likeness: new Likeness(), found })
      line('validate', found, bytesProtocol)
    } else {
      const likeness = exactly({ ...twin.http_validate, headers: {} }, twin.token)
      likeness.matches(twin.token, vector.token)
      const differences = compareAnswers(twin.http_validate, ours, likeness)
      line('validate', differences, vector.old_msgpack ? oldEncoding : undefined)
    }
    return [...lines, ...defectsOf(stage.defects, recording.file, vector.kind)]
  })

async function* replayFernet(recording: Recording): AsyncGenerator<Replayed> {
  const {
    formatter_vectors: formatted,
    staged_key_token: staged,
    presentation_variants: variants,
  } = fernetTokens()
  for (const vector of formatted) {
    const kind = vector.kind.replace(/ \[old msgpack.*/, '')
    const twin = formatted.find((other) => !other.old_msgpack && other.kind === kind) ?? vector
    yield* await replayFormatted(recording, vector, twin)
  }
  yield* await onStage(recording.options, async (stage) => {
    const { lines, line } = replayed(recording, 'token of the staged key')
    stage.nowSec = (issuedAt(staged.http_validate) ?? 0) + 1
    const ours = await validated(stage, staged.token)
    line('validate', compareAnswers(staged.http_validate, ours, exactly(staged.http_validate)))
    return lines
  })
  yield* await onStage(recording.options, async (stage) => {
    const { lines, line } = replayed(recording, 'presentation variant')
    stage.nowSec = (issuedAt(variants['as issued']?.as_subject) ?? 0) + 1
    for (const [name, variant] of Object.entries(variants)) {
      const ours = await validated(stage, variant.token)
      line(`${name}: subject`, compareAnswers(variant.as_subject, ours, exactly(variant.as_subject)))
      const found: Difference[] = []
      const { status } = await stage.send('GET', '/v3/auth/projects', { auth: variant.token })
      compareValues(variant.as_auth, status, { where: 'status', likeness: new Likeness(), found })
      line(`${name}: auth`, found)
    }
    return [...lines, ...defectsOf(stage.defects, recording.file, 'presentation variant')]
  })
}

async function* replayVectors(recording: Recording): AsyncGenerator<Replayed> {
  for (const vector of recording.all) {
    yield* await replayGround(recording, vector)
    yield* await replayIssue(recording, vector)
    yield* await replayValidation(recording, vector)
  }
}

/** Replays the files of tokens. */
export async function* replayTokens(): AsyncGenerator<Replayed> {
  yield* replayVectors({
    file: uuidTokensFile,
    options: { release: 'queens', mode: 'uuid' },
    all: uuidTokens().vectors,
  })
  const { key_repository: repository, vectors } = fernetTokens()
  const ring = keyRing(Object.entries(repository).map(([index, key]) => [Number(index), parseFernetKey(key)]))
  const recording: Recording = {
    file: fernetTokensFile,
    options: { release: 'queens', mode: 'fernet', ring },
    all: vectors,
  }
  yield* replayVectors(recording)
  yield* replayFernet(recording)
}
