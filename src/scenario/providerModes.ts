// The provider modes by the names that a scenario file has for them.
// A list of its own, because `token/` is a neighbour of which only types may be taken.
import type { ProviderMode } from '../token/mode.js'

export const providerModes = [
  'uuid',
  'dual-uuid',
  'dual-fernet',
  'fernet',
] as const satisfies readonly ProviderMode[]
