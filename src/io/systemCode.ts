// The system's own code for what went wrong (`ENOENT`, `ENOSPC`), read off whatever was thrown.
// It asks for no class: errors of the system may come from another realm, where `instanceof` fails.

/** The code of a thrown value, or `UNKNOWN` where it has none. */
export const systemCode = (thrown: unknown): string =>
  typeof thrown === 'object' && thrown !== null && 'code' in thrown && typeof thrown.code === 'string'
    ? thrown.code
    : 'UNKNOWN'
