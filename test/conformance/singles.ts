// The recorded answers that belong to no state of a token: missing headers, wrong people, deletions, lists.
// They exist apart because each is asked in its own way.
import { ids, onProject } from '../identity/support/keystone.js'
import { compareAnswers } from './compare.js'
import type { AnswersFile, RecordedAnswer } from './recordings.js'
import { defectsOf, expirationOf, issuedAt, publicUrlOf, sameIds } from './replay.js'
import type { Replayed } from './replay.js'
import { onStage } from './stage.js'
import type { HttpAnswer, HttpStage } from './stage.js'
import {
  adminToken,
  credentialIssue,
  deleteCredential,
  deleteTrust,
  login,
  revokeToken,
  stateNames,
  states,
  tokensPath,
  trustRequest,
  trustsPath,
} from './states.js'
import type { Answered } from './states.js'

/** How each is asked; the recorded answer says when, and what names were given. */
type Asking = (stage: HttpStage, recorded: RecordedAnswer) => Promise<Answered>

const credentialName = ({ body }: RecordedAnswer): string => {
  const { token } = body as {
    readonly token?: { readonly application_credential: { readonly name: string } }
  }
  return token?.application_credential.name ?? stateNames.credential
}

const newTrust = async (stage: HttpStage): Promise<string> => {
  const auth = await login(stage, 'alice')
  const made = await stage.send('POST', trustsPath, { auth, json: trustRequest(true) })
  return made.json.trust?.id ?? ''
}

interface RecordedEvent {
  readonly audit_id?: string
  readonly user_id?: string
  readonly project_id?: string
  readonly revoked_at: string
}

/** Brings about what each recorded event tells of, at its instant. */
const makeEvents = async (stage: HttpStage, { body }: RecordedAnswer): Promise<void> => {
  const { events } = body as { readonly events: readonly RecordedEvent[] }
  for (const [index, event] of events.entries()) {
    stage.nowSec = Date.parse(event.revoked_at) / 1000
    const names = { ...stateNames, user: `u${index}`, project: `p${index}` }
    if (event.audit_id !== undefined) await revokeToken(stage, await login(stage, 'alice'))
    else if (event.user_id !== undefined) await states['user disabled']?.(stage, { sample: '', names })
    else if (event.project_id !== undefined) await states['project deleted']?.(stage, { sample: '', names })
    else await deleteTrust(stage, await newTrust(stage))
  }
}

const wrongPassword = { methods: ['password'], password: { user: { id: ids.alice, password: 'wrong' } } }

const singles: Readonly<Record<string, Asking>> = {
  'missing X-Subject-Token': async (stage) =>
    stage.send('GET', tokensPath, { auth: await adminToken(stage) }),
  'HEAD missing X-Subject-Token': async (stage) =>
    stage.send('HEAD', tokensPath, { auth: await adminToken(stage) }),
  'empty X-Subject-Token': async (stage) =>
    stage.send('GET', tokensPath, { auth: await adminToken(stage), subject: '' }),
  'missing X-Auth-Token': async (stage) =>
    stage.send('GET', tokensPath, { subject: await login(stage, 'alice') }),
  'missing both': (stage) => stage.send('GET', tokensPath),
  'non-admin validates other': async (stage) =>
    stage.send('GET', tokensPath, {
      auth: await login(stage, 'alice'),
      subject: await login(stage, 'nova', onProject(ids.serviceProject)),
    }),
  'non-admin validates own other token': async (stage) =>
    stage.send('GET', tokensPath, {
      auth: await login(stage, 'alice'),
      subject: await login(stage, 'alice'),
    }),
  'wrong password': (stage) =>
    stage.send('POST', tokensPath, { json: { auth: { identity: wrongPassword } } }),
  'OS-PKI/revoked': async (stage) =>
    stage.send('GET', `${tokensPath}/OS-PKI/revoked`, { auth: await adminToken(stage) }),
  'OS-REVOKE/events': async (stage, recorded) => {
    await makeEvents(stage, recorded)
    return stage.send('GET', '/v3/OS-REVOKE/events', { auth: await adminToken(stage) })
  },
  'revoke DELETE response': async (stage) => revokeToken(stage, await login(stage, 'alice')),
  'DELETE already revoked': async (stage) => {
    const token = await login(stage, 'alice')
    await revokeToken(stage, token)
    return revokeToken(stage, token)
  },
  'trust DELETE': async (stage) => deleteTrust(stage, await newTrust(stage)),
  'app cred issue': async (stage, recorded) =>
    (await credentialIssue(stage, { ...stateNames, credential: credentialName(recorded) })).issue,
  'app cred DELETE': async (stage) => deleteCredential(stage, (await credentialIssue(stage, stateNames)).id),
  'short expiry issue': async (stage) =>
    stage.send('GET', tokensPath, { auth: await adminToken(stage), subject: await login(stage, 'alice') }),
  'DELETE of foreign token': async (stage) => {
    const token = await login(stage, 'alice')
    stage.mode = stage.mode === 'uuid' ? 'fernet' : 'uuid'
    return revokeToken(stage, token)
  },
}

/** Asks for one of them on a stage of its own. */
export const replaySingle = (
  file: AnswersFile,
  name: string,
  recorded: RecordedAnswer,
): Promise<readonly Replayed[]> =>
  onStage(
    { ...file, publicUrl: publicUrlOf(file), expirationSec: expirationOf(name) },
    async (stage): Promise<readonly Replayed[]> => {
      const ask = singles[name]
      if (ask === undefined) throw new Error(`nobody knows how to ask: ${name}`)
      stage.nowSec = issuedAt(recorded) ?? stage.nowSec
      const ours = (await ask(stage, recorded)) as HttpAnswer
      const differences = compareAnswers(recorded, ours, sameIds(file.release))
      return [
        { file: file.file, entry: name, asked: '', differences },
        ...defectsOf(stage.defects, file.file, name),
      ]
    },
  )
