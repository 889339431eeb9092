// Takes out of a text what must not be kept: values that are known to be secret, whole tokens and keys by their form.
// It exists because a command of the operator's may print them (`set -x`, `env`, `openstack token issue`), and its output is kept.
import type { Secret } from './cloud/secret.js'

const hidden = '***'

/** Shorter ones would blot out words that only look alike. */
const leastCharacters = 4

/** By their names: OS_PASSWORD, OS_TOKEN, OS_APPLICATION_CREDENTIAL_SECRET, CUTOVER_TABLE_DSN. */
const secretName = /PASSWORD|SECRET|TOKEN|DSN/

/** A Fernet token: version 0x80 and a time of this century. It keeps its beginning, by which two can be told apart in a log. */
const fernetToken = /(gAAAAA[\w-]{6})[\w-]{60,}(?:={0,2}|(?:%3D){0,2})/g
/** 32 bytes of base64url, as in a file of the key repository. */
const fernetKey = /(?<![\w-])[\w-]{43}=(?![\w=-])/g

/** What must not be kept: the given secrets, and what the environment holds under a name that says so. The longest first. */
export const secretValues = (
  secrets: readonly Secret[],
  env: Readonly<Record<string, string | undefined>>,
): readonly string[] => {
  const named = Object.entries(env).flatMap(([name, value]) => (secretName.test(name) ? [value ?? ''] : []))
  const all = new Set([...secrets.map((secret) => secret.reveal()), ...named])
  return [...all]
    .filter((value) => value.length >= leastCharacters)
    .sort((one, other) => other.length - one.length)
}

/** The text without them. */
export const conceal = (text: string, values: readonly string[]): string => {
  let left = text
  for (const value of values) left = left.replaceAll(value, hidden)
  return left.replaceAll(fernetToken, `$1…`).replaceAll(fernetKey, hidden)
}
