// Credentials that users have for other ways to authenticate: TOTP secrets, EC2 keys, certificates.
// Admins only, as in Keystone's own policy of these releases; the API shows them as they were given.
import { textOrNull } from '../documents.js'
import { ApiError, refusals } from '../errors.js'
import { isObject, textMember } from '../json.js'
import { ask } from '../questions.js'
import { freshId } from '../revoke.js'
import type { Document } from '../store.js'
import { sha256Hex } from '../../token/digest.js'
import { badRequest, without } from './description.js'
import type { Call, Fields, ResourceDescription } from './description.js'
import { duplicate } from './names.js'
import { pythonText } from './pythonText.js'
import { shapes } from './schema.js'

const properties = {
  blob: shapes.text,
  project_id: shapes.text,
  type: shapes.text,
  user_id: shapes.text,
}

const isEc2 = (asked: Fields): boolean => textMember(asked, 'type')?.toLowerCase() === 'ec2'

/** What is in the blob of an EC2 credential. @throws ApiError 400 */
const ec2Blob = (blob: unknown): Fields & { readonly access: string } => {
  let parsed: unknown
  try {
    parsed = JSON.parse(String(blob))
  } catch {
    throw badRequest('Invalid blob in credential')
  }
  if (!isObject(parsed) || Object.keys(parsed).length === 0) {
    throw new ApiError(refusals.expecting('blob', 'credential'))
  }
  const { access } = parsed
  if (typeof access !== 'string') throw new ApiError(refusals.expecting('access', 'blob'))
  return { ...parsed, access }
}

/** An EC2 credential is found by its access key; a trust's token hands on the trust. @throws ApiError 400 */
const identified = ({ context, caller }: Call, asked: Fields): Fields & { readonly id: string } => {
  if (!isEc2(asked)) return { ...asked, id: freshId(context) }
  const blob = ec2Blob(asked['blob'])
  const { scope } = caller.claims
  return {
    ...asked,
    ...(scope.kind === 'trust' ? { blob: JSON.stringify({ ...blob, trust_id: scope.trustId }) } : {}),
    id: sha256Hex(blob.access),
  }
}

export const credentials: ResourceDescription = {
  kind: 'credential',
  member: 'credential',
  collection: 'credentials',
  createSchema: { type: 'object', properties, required: [] },
  updateSchema: { type: 'object', properties, minProperties: 1 },
  filters: ['user_id', 'type'],
  view: (_, credential) => credential,
  *create(call, asked) {
    const needed = ['blob', 'type', 'user_id', ...(asked['type'] === 'ec2' ? ['project_id'] : [])]
    if (!needed.every((name) => Object.hasOwn(asked, name))) {
      throw badRequest(`${pythonText(asked)} is not valid under any of the given schemas`)
    }
    const credential: Document = { project_id: null, ...identified(call, without(asked, 'links')) }
    if (call.context.facts.get('credential', credential.id) !== null) {
      throw duplicate(call.context, 'credential', { id: credential.id })
    }
    yield* ask.putDocument('credential', credential)
    return credential
  },
  *update(_, before, asked) {
    const after: Document = { ...before, ...without(asked, 'links'), id: before.id }
    if (isEc2(asked) && textOrNull(after, 'project_id') === null) {
      throw new ApiError(refusals.expecting('project_id', 'credential'))
    }
    yield* ask.putDocument('credential', after)
    return after
  },
  *remove(_, credential) {
    yield* ask.removeDocument('credential', credential.id)
  },
}
