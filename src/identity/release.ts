// How the releases of Keystone differ, in one table.
// It exists so that no other file asks which release it plays: it reads a column of this.
import type { Release } from '../scenario/scenario.js'
import { defaultMethodOrder } from '../token/methods.js'
import type { PayloadOptions } from '../token/payload.js'
import type { TokenFormat } from '../token/uuid.js'

/** `all` of the revocation events, or those `filtered` by user, project, audit id and time. */
export type RevocationLoad = 'all' | 'filtered'

/**
 * `[auth] methods` as this service has it in every release: Queens's default, of which each older release's default is
 * the beginning, then `totp`, which no default has. So the bits of payloads are each release's own.
 */
const methodOrder = [...defaultMethodOrder.queens, 'totp'] as const

/** How the releases' resources differ; read from `keystone/` of each tag. */
export interface ResourceProfile {
  /** `password_expires_at` of a user. Since Newton. */
  readonly userPasswordExpiry: boolean
  /** `options` of a user. Since Ocata. */
  readonly userOptions: boolean
  /** `/v3/users/{id}/application_credentials`. Since Queens (API 3.10). */
  readonly applicationCredentials: boolean
  /** `/v3/system/users/{id}/roles` and the scope `system` of assignments. Since Queens. */
  readonly systemGrants: boolean
  /** `description` of a role. Since Rocky. */
  readonly roleDescription: boolean
  /** Whether a 409 names what is there already, instead of `Duplicate Entry`. Since Ocata. */
  readonly namesDuplicates: boolean
  /**
   * Whether disabling a project or a domain, deleting a role and taking a role away write revocation events, which
   * stay for good. Up to Ocata; in Queens they only invalidate rows.
   */
  readonly broadEvents: boolean
  /**
   * Whether a user's application credentials on a project end when any role there is taken from them. Queens; not in
   * Zed (measured z; `delete_grant` in `keystone/assignment/core.py`).
   */
  readonly grantEndsCredentials: boolean
}

/** What this project needs to know of a release. "Measured" refers to Newton 10.0.3 (n), Queens 13.0.4 (q) and Zed 22.0.2 (z) over HTTP. */
export interface ReleaseProfile {
  readonly release: Release
  /** Keystone's own default of `[auth] methods`: which bit of a payload means which method. */
  readonly defaultMethods: readonly string[]
  /** Default of `[token] provider`: uuid up to Newton, fernet since Ocata 11.0. */
  readonly defaultProvider: TokenFormat
  /**
   * `token_flush`. Mitaka and Newton: `expires <= now`, all batches in one transaction; since bug 1649616
   * (11.0.3, 12.0) a commit a batch, and since Ocata `expires < now - allow_expired_window`. Measured n, q.
   */
  readonly flush: {
    readonly strict: boolean
    readonly transaction: 'one' | 'each'
    readonly batchRows: number
  }
  /** Default of `[token] allow_expired_window`, seconds; 0: the release has no such thing. Since Ocata. */
  readonly allowExpiredWindowSec: number
  /**
   * What a UUID validation answers: Mitaka and Newton the body as it was stored (measured n); since Ocata roles and
   * catalog are rebuilt, as for Fernet (measured q), and a trust, user or project that is gone is noticed.
   */
  readonly uuidBody: 'stored' | 'rebuilt'
  /** How a UUID token that has expired is refused: as unknown (measured n) or as invalid (measured q). */
  readonly expiredUuid: 'not-found' | 'not-valid'
  /** Whether `Could not find …: ID` and `… action: RULE` end in a full stop. Measured n, q; Ocata by its source. */
  readonly fullStop: boolean
  /** A disabled project: named in a 404 even for X-Auth-Token (measured q), or refused as any dead token (n). */
  readonly namesDisabledProject: boolean
  /**
   * Whether a 403 about trusts and rescoping says why. Newton no, Queens yes (measured); Ocata by its source
   * (`ForbiddenAction` in `keystone/auth/plugins/token.py` and `keystone/trust/controllers.py`).
   */
  readonly explainsForbidden: boolean
  /**
   * How many revocation events a validation reads: Mitaka and Newton all of them, since Ocata those that a filter in SQL
   * leaves (`keystone/revoke/backends/sql.py`, commit 9e8437146).
   */
  readonly revocationLoad: RevocationLoad
  /** Keystone's own cache of tokens, when it is on (`keystone/token/provider.py`). */
  readonly cache: {
    /**
     * `two`: `validate_token` and, for the subject of a GET or HEAD, `validate_v3_token` after it, each with its own keys,
     * the first of them one and the same for rows and Fernet tokens. `one`: since Ocata, rows and Fernet tokens apart.
     */
    readonly ways: 'two' | 'one'
    /** Default of `[token] cache_on_issue`, since Newton; null: the release has no such thing. */
    readonly onIssue: boolean | null
  }
  /**
   * Whether a login that does not meet its user's rules is given a receipt to go on with. Keystone does so since Stein
   * (15.0). On in every release here: clients of today know what to do with one, and of old none has such rules.
   */
  readonly receipts: boolean
  /** A token of the system buys none for a project or a domain. Since Queens (`keystone/auth/plugins/token.py`). */
  readonly keepsSystemScope: boolean
  /** `password_expires_at` of a token's user. Newton lacks it, Queens has it (measured); Ocata is an inference. */
  readonly passwordExpiresAt: boolean
  /** Whether bootstrap makes admin imply member, and member reader. Since Rocky (`keystone/cmd/bootstrap.py`). */
  readonly bootstrapsImpliedRoles: boolean
  /** `tags` of a project. Since Queens (API 3.10). */
  readonly projectTags: boolean
  /**
   * What a trust's payload names: the token's user (Mitaka to Queens, measured q), or always the trustee, and then a
   * payload that names somebody else is refused (measured z; `_validate_token_user` in `keystone/models/token_model.py`).
   */
  readonly trustPayloadUser: 'token-user' | 'trustee'
  /** Whether the body of a trust's token says `is_domain`. Queens yes, Zed no (measured). */
  readonly trustSaysIsDomain: boolean
  /** How a trust's token lists its roles: with their domain (measured q), or with all that is known (measured z). */
  readonly trustRoles: 'with-domain' | 'whole'
  /** The same for federated tokens: by id and name up to Queens, with all that is known in Zed (measured z). */
  readonly federatedRoles: 'named' | 'whole'
  /** The domain that a federated user is shown with: `Federated`, or since Rocky their provider's (measured z). */
  readonly federatedUser: 'federated-domain' | 'own-domain'
  /**
   * A token made of a federated one: with a life of its own, or with the end of the other (measured z, in which
   * Debian's security updates brought it).
   */
  readonly federatedExpiry: 'fresh' | 'kept'
  /** How a text that no key opens is refused: by naming it (measured n, q), or not (measured z). */
  readonly namesUnreadable: boolean
  /**
   * An application credential's token given for another one: 500 (measured q), or a 403 that says why (measured z, in
   * which Debian's security updates brought it).
   */
  readonly rescopesDelegated: 'stumbles' | 'refuses'
  /** A trust's token whose trustor is disabled: refused as any dead token (measured q), or with a 403 (measured z). */
  readonly disabledTrustor: 403 | 404
  /** Where `WWW-Authenticate` points: to the public endpoint (measured n, q) or to its `/v3` (measured z). */
  readonly challengePath: '' | '/v3'
  /** Whether a reader of the system may validate tokens. Since Train (`keystone/common/policies/token.py`). */
  readonly systemReadersValidate: boolean
  /** Whether an application credential's token ends with it. Since Zed (CVE-2022-2447). */
  readonly credentialEndsToken: boolean
  /** What the API of users, projects, roles, … has and says in this release. */
  readonly resources: ResourceProfile
  /**
   * Whether answers about a Fernet token that came of an exchange have forgotten its methods. Measured q, on Python 3,
   * where `convert_integer_to_method_list` divides without rounding and finds no method in a mask of several.
   */
  readonly forgetsExchanged: boolean
  /** How payloads are packed; `raw` is msgpack before 1.0, which is what these releases ran on. */
  readonly payload: PayloadOptions
  /** Without keys Mitaka starts and answers 500; from Newton on the worker exits at once. */
  readonly startsWithoutKeys: boolean
  /** The identity API's version as discovery names it (`keystone/version/controllers.py` of each tag). */
  readonly api: { readonly id: string; readonly updated: string }
}

const mitaka: ReleaseProfile = {
  release: 'mitaka',
  defaultMethods: defaultMethodOrder.kilo,
  defaultProvider: 'uuid',
  flush: { strict: false, transaction: 'one', batchRows: 1000 },
  allowExpiredWindowSec: 0,
  uuidBody: 'stored',
  expiredUuid: 'not-found',
  fullStop: false,
  namesDisabledProject: false,
  explainsForbidden: false,
  revocationLoad: 'all',
  cache: { ways: 'two', onIssue: null },
  receipts: true,
  keepsSystemScope: false,
  passwordExpiresAt: false,
  bootstrapsImpliedRoles: false,
  projectTags: false,
  trustPayloadUser: 'token-user',
  trustSaysIsDomain: true,
  trustRoles: 'with-domain',
  federatedRoles: 'named',
  federatedUser: 'federated-domain',
  federatedExpiry: 'fresh',
  namesUnreadable: true,
  rescopesDelegated: 'stumbles',
  disabledTrustor: 404,
  challengePath: '',
  systemReadersValidate: false,
  credentialEndsToken: false,
  resources: {
    userPasswordExpiry: false,
    userOptions: false,
    applicationCredentials: false,
    systemGrants: false,
    roleDescription: false,
    namesDuplicates: false,
    broadEvents: true,
    grantEndsCredentials: true,
  },
  forgetsExchanged: false,
  payload: { methodOrder, family: 'raw', systemMarker: true },
  startsWithoutKeys: true,
  api: { id: 'v3.6', updated: '2016-04-04T00:00:00Z' },
}

const newton: ReleaseProfile = {
  ...mitaka,
  release: 'newton',
  cache: { ways: 'two', onIssue: false },
  startsWithoutKeys: false,
  resources: { ...mitaka.resources, userPasswordExpiry: true },
  api: { id: 'v3.7', updated: '2016-10-06T00:00:00Z' },
}

const ocata: ReleaseProfile = {
  ...newton,
  release: 'ocata',
  defaultMethods: defaultMethodOrder.ocata,
  defaultProvider: 'fernet',
  flush: { strict: true, transaction: 'each', batchRows: 1000 },
  allowExpiredWindowSec: 172_800,
  uuidBody: 'rebuilt',
  expiredUuid: 'not-valid',
  fullStop: true,
  explainsForbidden: true,
  revocationLoad: 'filtered',
  cache: { ways: 'one', onIssue: true },
  passwordExpiresAt: true,
  resources: { ...newton.resources, userOptions: true, namesDuplicates: true },
  api: { id: 'v3.8', updated: '2017-02-22T00:00:00Z' },
}

const queens: ReleaseProfile = {
  ...ocata,
  release: 'queens',
  defaultMethods: defaultMethodOrder.queens,
  namesDisabledProject: true,
  keepsSystemScope: true,
  forgetsExchanged: true,
  projectTags: true,
  resources: { ...ocata.resources, applicationCredentials: true, systemGrants: true, broadEvents: false },
  api: { id: 'v3.10', updated: '2018-02-28T00:00:00Z' },
}

/**
 * A release of today, to stand beside a real one: Zed 22.0.2 as Debian 12 has it, with its security updates. It has no
 * UUID provider any more (removed in Rocky), so no cutover is rehearsed on it. msgpack ≥ 1.0 writes its payloads.
 */
const zed: ReleaseProfile = {
  ...queens,
  release: 'zed',
  bootstrapsImpliedRoles: true,
  trustPayloadUser: 'trustee',
  trustSaysIsDomain: false,
  trustRoles: 'whole',
  federatedRoles: 'whole',
  federatedUser: 'own-domain',
  federatedExpiry: 'kept',
  namesUnreadable: false,
  rescopesDelegated: 'refuses',
  disabledTrustor: 403,
  challengePath: '/v3',
  systemReadersValidate: true,
  credentialEndsToken: true,
  forgetsExchanged: false,
  resources: { ...queens.resources, grantEndsCredentials: false, roleDescription: true },
  payload: { methodOrder, family: 'bin', systemMarker: 'all' },
  api: { id: 'v3.14', updated: '2020-04-07T00:00:00Z' },
}

/** The table. */
export const releaseProfiles: Readonly<Record<Release, ReleaseProfile>> = {
  mitaka,
  newton,
  ocata,
  queens,
  zed,
}
