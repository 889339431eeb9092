// The verdict on the key folders of a cloud: each by itself, their number of keys, and all beside each other.
// It joins the checks, so that whoever wants the verdict need not know how many there are.

import { checkFolder } from './folderCheck.js'
import type { KeystoneUser } from './folderCheck.js'
import type { KeyFinding, Severity } from './keyFindings.js'
import { checkCount, checkPolicy } from './keyCount.js'
import type { KeyPolicy } from './keyCount.js'
import type { KeyFolder } from './keyFolder.js'
import { checkPeers } from './peerCheck.js'

const order: readonly Severity[] = ['refuses', 'risk', 'note']

/**
 * All findings, the worst first, else in the order of the folders.
 * @param input.user whom Keystone runs as; null: on each node the owner of its folder
 * @throws TokenError `bad-duration` for a policy that makes no sense
 */
export const verifyKeys = (input: {
  readonly folders: readonly KeyFolder[]
  readonly policy: KeyPolicy
  readonly user: KeystoneUser | null
}): readonly KeyFinding[] => {
  const { folders, policy, user } = input
  const peers = checkPeers(folders, policy)
  const found = [
    ...checkPolicy(policy),
    ...folders.flatMap((folder) => [
      ...checkFolder(folder, user),
      ...checkCount(folder, policy),
      ...peers.filter((finding) => finding.folder === folder.path),
    ]),
  ]
  return order.flatMap((severity) => found.filter((finding) => finding.severity === severity))
}

/** Whether any finding refuses tokens. */
export const refusesTokens = (findings: readonly KeyFinding[]): boolean =>
  findings.some(({ severity }) => severity === 'refuses')
