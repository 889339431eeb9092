// What a token says, on a terminal. With --json the view itself is printed, under Keystone's own field names.
// The token is never part of it: who has the text has the token.
import pc from 'picocolors'
import { counted, duration, listed, plain, wrap } from './text.js'

/** Why a token was not opened. */
export type UnopenedReason =
  'no-keys-given' | 'no-key-opens' | 'unknown-payload' | 'no-store-given' | 'no-row' | 'unknown-body'

/** What a token says. Names and forms of its fields are those of Keystone's token formatter; instants are ISO 8601. */
export interface InspectionView {
  readonly format: 'fernet' | 'receipt' | 'uuid'
  readonly opened: boolean
  readonly reason: UnopenedReason | null
  readonly detail: string | null
  readonly characters: number
  /** The Fernet timestamp: readable without a key, and proved only by one that opens the token. */
  readonly sealed_at: string | null
  readonly payload_version: number | null
  readonly key_index: number | null
  readonly user_id: string | null
  readonly methods: readonly string[] | null
  readonly audit_ids: readonly string[] | null
  readonly system: true | 'all' | null
  readonly domain_id: string | null
  readonly project_id: string | null
  readonly trust_id: string | null
  readonly federated_info: {
    readonly idp_id: string
    readonly protocol_id: string
    readonly group_ids: readonly { readonly id: string }[]
  } | null
  readonly access_token_id: string | null
  readonly app_cred_id: string | null
  readonly thumbprint: string | null
  readonly issued_at: string | null
  readonly expires_at: string | null
  /** As of `judged_at`. */
  readonly expired: boolean | null
  readonly judged_at: string
  readonly key: {
    readonly index: number
    readonly role: string
    readonly fingerprint: string
    readonly written_at: string
    readonly age_sec: number
  } | null
  readonly payload: {
    /** The family of msgpack: `raw` before 1.0, `bin` since. */
    readonly msgpack: string
    /** `bare`: Kilo's first layout. */
    readonly layout: string
    readonly methods_mask: number
    /** Bits of the mask for which the list of methods has no name; Keystone then names none at all. */
    readonly methods_unnamed: boolean
  } | null
  readonly rotation: {
    readonly max_active_keys: number
    /** With which rotation from now the key is removed. */
    readonly removed_with_rotation: number
    /** Null where nobody said how often keys turn. */
    readonly removed_from: string | null
    readonly removed_until: string | null
    readonly fate: 'expires-first' | 'pruned-first' | 'undecided' | null
  } | null
  /** The row of the table `token`. */
  readonly row: {
    readonly expires: string
    readonly valid: boolean
    readonly trust_id: string | null
    readonly user_id: string | null
    readonly extra_bytes: number
  } | null
  /** Of a stored body; a payload does not name them. */
  readonly trust: {
    readonly trustor_user_id: string
    readonly trustee_user_id: string
    readonly impersonation: boolean
  } | null
}

export interface InspectionStyle {
  readonly columns: number
  readonly colour: boolean
}

const reasons: Readonly<Record<UnopenedReason, string>> = {
  'no-keys-given': 'It is sealed, and no key folder was given: --keys DIR opens it.',
  'no-key-opens':
    'No key of this folder opens it: it is another cloud’s, or its key was rotated away, or has not been copied here, or the text was changed. The timestamp is read without a key, so it proves nothing.',
  'unknown-payload': 'A key of this folder sealed it, but what is inside is no token and no receipt.',
  'no-store-given':
    'A UUID token says nothing itself: it names a row of the table `token`. --store reads that row.',
  'no-row': 'The store has no such row: it was flushed, or was never issued there, or by another provider.',
  'unknown-body': 'The store has its row, but what the row holds is not the body of a v3 token.',
}

const scopeWords = (view: InspectionView): string => {
  if (view.trust_id !== null) return 'for a project, by a trust'
  if (view.project_id !== null) return 'for a project'
  if (view.domain_id !== null) return 'for a domain'
  if (view.system !== null) return 'for the system'
  return 'without scope'
}

const titleOf = (view: InspectionView): string => {
  if (view.format === 'receipt') return 'Auth receipt: not all methods of the user’s rules were passed yet'
  const kind = view.format === 'uuid' ? 'UUID token' : 'Fernet token'
  if (!view.opened) return `${kind}, not opened`
  const version = view.payload_version === null ? '' : `, payload version ${view.payload_version}`
  return `${kind} ${scopeWords(view)}${version}`
}

/** `2026-11-22T01:44:25.000000Z` → `2026-11-22 01:44:25 UTC (3 h ago)`. */
const instant = (iso: string, judgedAt: string): string => {
  const sec = Math.round((Date.parse(iso) - Date.parse(judgedAt)) / 1000)
  const distance = sec === 0 ? 'now' : sec < 0 ? `${duration(-sec)} ago` : `in ${duration(sec)}`
  return `${iso.slice(0, 10)} ${iso.slice(11, 19)} UTC (${distance})`
}

type Row = readonly [label: string, value: string | null]

const scopeRows = (view: InspectionView): Row[] => [
  ['user', view.user_id],
  ['project', view.project_id],
  ['domain', view.domain_id],
  ['system', view.system === null ? null : String(view.system)],
  ['trust', view.trust_id],
  ['trustor', view.trust?.trustor_user_id ?? null],
  ['trustee', view.trust === null ? null : trusteeWords(view.trust)],
  ['app. credential', view.app_cred_id],
  ['access token', view.access_token_id],
  ['thumbprint', view.thumbprint],
  ['federated', view.federated_info === null ? null : federatedWords(view.federated_info)],
]

const trusteeWords = ({ trustee_user_id, impersonation }: NonNullable<InspectionView['trust']>): string =>
  `${trustee_user_id}, ${impersonation ? 'impersonating' : 'not impersonating'}`

const federatedWords = ({
  idp_id,
  protocol_id,
  group_ids,
}: NonNullable<InspectionView['federated_info']>): string =>
  `by ${idp_id} with ${protocol_id}, groups ${listed(group_ids.map(({ id }) => id)) || 'none'}`

const methodWords = ({ methods, payload }: InspectionView): string | null => {
  if (methods === null) return null
  if (payload?.methods_unnamed !== true) return listed(methods) || 'none'
  return `unknown: the mask ${payload.methods_mask} has bits beyond this list of methods; give yours with --methods`
}

const keyWords = ({ key, judged_at }: InspectionView): string | null =>
  key === null
    ? null
    : `${key.index} (${key.role}), fingerprint ${key.fingerprint}, file written ${instant(key.written_at, judged_at)}`

const rotationWords = ({ rotation, judged_at }: InspectionView): string | null => {
  if (rotation === null) return null
  const { removed_with_rotation: count, max_active_keys, removed_from, removed_until, fate } = rotation
  const when = `the ${count === 1 ? 'next rotation' : `${ordinal(count)} rotation from now`} removes its key (max_active_keys ${max_active_keys})`
  if (removed_from === null || removed_until === null || fate === null) {
    return `${when}; --rotation tells whether the token outlives that`
  }
  const span =
    removed_from === removed_until
      ? instant(removed_from, judged_at)
      : `between ${instant(removed_from, judged_at)} and ${instant(removed_until, judged_at)}`
  const fates = {
    'expires-first': 'the token expires before that',
    'pruned-first': 'the token is refused before it expires',
    undecided: 'whether the token expires before that depends on when the next rotation comes',
  }
  return `${when}, ${span}: ${fates[fate]}`
}

const ordinal = (count: number): string => {
  const teens = count % 100 >= 11 && count % 100 <= 13
  const ending = teens ? 'th' : (['th', 'st', 'nd', 'rd'][count % 10] ?? 'th')
  return `${count}${ending}`
}

const rowWords = ({ row, judged_at }: InspectionView): string | null =>
  row === null
    ? null
    : `${row.valid ? 'valid' : 'revoked (valid = 0)'}, expires ${instant(row.expires, judged_at)}, ${counted(row.extra_bytes, 'byte')} of extra` +
      (row.trust_id === null ? '' : `, trust ${row.trust_id}`)

const expiryWords = (view: InspectionView): string | null => {
  if (view.expires_at === null) return null
  return `${instant(view.expires_at, view.judged_at)}${view.expired === true ? ': expired' : ''}`
}

const payloadWords = ({ payload, characters }: InspectionView): string | null =>
  payload === null
    ? null
    : `${counted(characters, 'character')}, msgpack ${payload.msgpack}, methods mask ${payload.methods_mask}` +
      (payload.layout === 'bare' ? ', in Kilo’s first layout' : '')

/** The view as text, ending in a line break. */
export const renderInspection = (view: InspectionView, style: InspectionStyle): string => {
  const colours = pc.createColors(style.colour)
  const rows: readonly Row[] = [
    ...scopeRows(view),
    ['methods', methodWords(view)],
    ['issued', view.issued_at === null ? null : instant(view.issued_at, view.judged_at)],
    ['sealed', view.opened || view.sealed_at === null ? null : instant(view.sealed_at, view.judged_at)],
    ['expires', expiryWords(view)],
    ['audit ids', view.audit_ids === null ? null : listed(view.audit_ids)],
    ['key', keyWords(view)],
    ['rotation', rotationWords(view)],
    ['row', rowWords(view)],
    ['payload', payloadWords(view)],
  ]
  const width = Math.max(...rows.map(([label, value]) => (value === null ? 0 : label.length)), 0) + 2
  const lines = [colours.bold(titleOf(view))]
  for (const [label, value] of rows) {
    if (value === null) continue
    const [first = '', ...rest] = wrap(plain(value), style.columns - width - 2)
    const paint = label === 'expires' && view.expired === true ? colours.yellow : (text: string) => text
    lines.push(`  ${colours.dim(label.padEnd(width))}${paint(first)}`)
    lines.push(...rest.map((line) => `  ${' '.repeat(width)}${line}`))
  }
  if (view.reason !== null) {
    const detail = view.detail === null ? '' : ` (${view.detail})`
    lines.push(...wrap(plain(`${reasons[view.reason]}${detail}`), style.columns))
  }
  return `${lines.join('\n')}\n`
}
