// Whether nodes can read each other's tokens: their key folders compared.
// It exists because each folder may be perfect and the cloud still refuse tokens.

import type { KeyFinding, PeerFinding, Severity } from './keyFindings.js'
import { lifeAndRotation } from './keyCount.js'
import type { KeyPolicy } from './keyCount.js'
import { ringOfFolder } from './keyFolder.js'
import type { KeyFolder } from './keyFolder.js'
import { primaryIndex, sameKey } from './keyring.js'
import type { KeyRing } from './keyring.js'
import type { FernetKey } from './fernet.js'

/** A node with keys. */
interface Peer {
  readonly path: string
  readonly ring: KeyRing
  readonly primary: number
}

const has = (ring: KeyRing, key: FernetKey): boolean =>
  [...ring.keys.values()].some((candidate) => sameKey(candidate, key))

const shares = (a: Peer, b: Peer): boolean => [...a.ring.keys.values()].some((key) => has(b.ring, key))

/**
 * Whether tokens of a secondary key may still be out: its last one was sealed at the rotation that ended its time as
 * primary, at least (primary − index − 1) rotations ago. Null: nobody said how long tokens live.
 */
const mayBeLive = (peer: Peer, index: number, policy: KeyPolicy): boolean | null => {
  const known = lifeAndRotation(policy)
  return known === null ? null : (peer.primary - index - 1) * known.rotationSec < known.lifeSec
}

/** A key of another node that this one lacks. */
interface Lack {
  readonly other: Peer
  readonly index: number
  readonly key: FernetKey
}

const byFingerprint = (lacks: readonly Lack[]): readonly (readonly [Lack, ...Lack[]])[] => {
  const groups = new Map<string, [Lack, ...Lack[]]>()
  for (const lack of lacks) {
    const group = groups.get(lack.key.id)
    if (group === undefined) groups.set(lack.key.id, [lack])
    else group.push(lack)
  }
  return [...groups.values()]
}

const pathsOf = (lacks: readonly Lack[]): string[] => lacks.map(({ other }) => other.path)

const standing = (other: Peer, peer: Peer): 'ahead' | 'level' | 'behind' =>
  other.primary === peer.primary ? 'level' : other.primary > peer.primary ? 'ahead' : 'behind'

/** Keys of the others that this node lacks, and what that means. A staged key has sealed nothing yet. */
const checkReading = (peer: Peer, others: readonly Peer[], policy: KeyPolicy): PeerFinding[] => {
  const lacks = others.flatMap((other) =>
    [...other.ring.keys]
      .filter(([, key]) => !has(peer.ring, key))
      .map(([index, key]): Lack => ({ other, index, key })),
  )
  const primaries = byFingerprint(lacks.filter(({ other, index }) => index === other.primary))
  const told = new Set(primaries.map(([{ key }]) => key.id))
  const secondaries = byFingerprint(
    lacks.filter(({ other, index, key }) => index > 0 && index !== other.primary && !told.has(key.id)),
  )
  return [
    ...primaries.map((group): PeerFinding => {
      const [{ key, other }] = group
      const they = standing(other, peer)
      return { code: 'cannot-read-new', of: pathsOf(group), fingerprint: key.id, they }
    }),
    ...secondaries.flatMap((group): PeerFinding[] => {
      const [{ key, index }] = group
      const lives = group.map((lack) => mayBeLive(lack.other, lack.index, policy))
      if (lives.every((live) => live === false)) return []
      const live = lives.includes(true) ? true : null
      return [{ code: 'cannot-read-old', of: pathsOf(group), fingerprint: key.id, index, live }]
    }),
  ]
}

/** Indices, but for the staged key's, under which two nodes hold different keys. */
const conflicts = (a: Peer, b: Peer): number[] =>
  [...a.ring.keys]
    .filter(([index, key]) => {
      const other = b.ring.keys.get(index)
      return index > 0 && other !== undefined && !sameKey(key, other)
    })
    .map(([index]) => index)
    .sort((x, y) => x - y)

/** What will go wrong at the next rotation: a copy that has not been made, or two that were made of different folders. */
const checkNext = (peer: Peer, others: readonly Peer[]): PeerFinding[] => {
  const ahead = others.filter((other) => other.primary > peer.primary)
  const furthest = Math.max(...ahead.map(({ primary }) => primary))
  const staged = peer.ring.keys.get(0)
  const differing = others.filter(({ primary, ring }) => {
    const other = ring.keys.get(0)
    return primary === peer.primary && staged !== undefined && other !== undefined && !sameKey(staged, other)
  })
  return [
    ...(ahead.length === 0
      ? []
      : [
          {
            code: 'behind',
            of: ahead.filter(({ primary }) => primary === furthest).map(({ path }) => path),
            rotations: furthest - peer.primary,
          } as const,
        ]),
    ...(differing.length === 0
      ? []
      : [{ code: 'staged-differs', with: differing.map(({ path }) => path) } as const]),
  ]
}

const checkPeer = (peer: Peer, all: readonly Peer[], policy: KeyPolicy): PeerFinding[] => {
  const others = all.filter((other) => other !== peer)
  const strangers = others.filter((other) => !shares(peer, other))
  const related = others.filter((other) => shares(peer, other))
  const apart = related.filter((other) => conflicts(peer, other).length > 0)
  const found = checkReading(peer, related, policy)
  if (strangers.length > 0) {
    found.push({ code: 'no-key-in-common', with: strangers.map(({ path }) => path) })
  }
  if (apart.length > 0) {
    const indices = [...new Set(apart.flatMap((other) => conflicts(peer, other)))].sort((a, b) => a - b)
    found.push({ code: 'rotated-apart', with: apart.map(({ path }) => path), indices })
  }
  return [
    ...found,
    ...checkNext(
      peer,
      related.filter((other) => !apart.includes(other)),
    ),
  ]
}

const severityOf = (finding: PeerFinding): Severity => {
  if (finding.code === 'behind' || finding.code === 'staged-differs') return 'risk'
  return finding.code === 'cannot-read-old' && finding.live === null ? 'risk' : 'refuses'
}

/**
 * Compares the folders of all nodes. A finding is about the node that will refuse, and names those whose tokens it
 * refuses. Folders without a key are left out: `checkFolder` tells of them.
 */
export const checkPeers = (folders: readonly KeyFolder[], policy: KeyPolicy): readonly KeyFinding[] => {
  const peers = folders
    .map((folder) => ({ path: folder.path, ring: ringOfFolder(folder) }))
    .filter(({ ring }) => ring.keys.size > 0)
    .map((peer): Peer => ({ ...peer, primary: primaryIndex(peer.ring) }))
  return peers.flatMap((peer) =>
    checkPeer(peer, peers, policy).map((finding) => ({
      ...finding,
      severity: severityOf(finding),
      folder: peer.path,
    })),
  )
}
