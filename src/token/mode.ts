// What a node does with the two formats: which it issues, which it accepts.
// The phases are those of Lance Bragstad, "Migrating token formats without downtime" (June 2017).

import type { TokenFormat } from './uuid.js'

/**
 * The mode of a node's token provider.
 *
 * - `uuid`: where the cloud starts. Issues and accepts UUID tokens, each a row of the table.
 * - `dual-uuid`: phase 1. Still issues UUID, already accepts Fernet. Rolled out node by node without harm, since
 *   nobody issues a Fernet token yet.
 * - `dual-fernet`: phase 2, once every node runs phase 1. Issues Fernet, still accepts UUID and counts it: when
 *   that count is zero, or the last UUID token has expired, the phase may end.
 * - `fernet`: phase 3. The table is needed no more. Going here straight from `uuid` refuses every live UUID token.
 */
export type ProviderMode = 'uuid' | 'dual-uuid' | 'dual-fernet' | 'fernet'

/** All modes, in the order of a migration. */
export const providerModes: readonly ProviderMode[] = ['uuid', 'dual-uuid', 'dual-fernet', 'fernet']

/** The format of the tokens that a node issues. */
export const issues = (mode: ProviderMode): TokenFormat =>
  mode === 'uuid' || mode === 'dual-uuid' ? 'uuid' : 'fernet'

/** Whether a node looks at tokens of a format at all. */
export const accepts = (mode: ProviderMode, format: TokenFormat): boolean =>
  mode === 'dual-uuid' || mode === 'dual-fernet' || mode === format
