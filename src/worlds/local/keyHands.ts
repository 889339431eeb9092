// What can be done to the key repositories of the local world, on their files: the folder in which keys are rotated, and
// the folders of the backends, which read them as Keystone does. It keeps account of which keys it has put where.
import { copyRepository, rotateRepository, setupRepository } from '../../io/keyChanges.js'
import { loseStagedKey, mendKeyFiles, spoilKeyFiles, type Spoiling } from '../../io/keyFaults.js'
import { readRing } from '../../io/keyRepository.js'
import type { Evidence } from '../../rehearsal/ports.js'
import type { FernetKey } from '../../token/fernet.js'
import type { KeyRing } from '../../token/keyring.js'
import { opensWith } from '../../token/sealer.js'
import type { KeyHands, Nodes } from '../faults/hands.js'

export interface KeyFolders {
  readonly origin: string
  /** In the order of the backends. */
  readonly ofNode: readonly string[]
}

export class LocalKeys implements KeyHands, Evidence {
  private readonly folders: KeyFolders
  private readonly maxActiveKeys: number
  /** All keys that there ever were, by fingerprint, the newest last. */
  private readonly everMade = new Map<string, FernetKey>()
  /** Fingerprints by backend; null while its files cannot be read. */
  private readonly onNode: (readonly string[] | null)[]

  constructor(folders: KeyFolders, maxActiveKeys: number) {
    this.folders = folders
    this.maxActiveKeys = maxActiveKeys
    const ids = this.learn(readRing(folders.origin))
    this.onNode = folders.ofNode.map(() => ids)
  }

  keysOn(node: number): readonly string[] | null {
    return this.onNode[node - 1] ?? null
  }

  sealedWith(token: string): string | null {
    return opensWith(token, [...this.everMade.values()].reverse())?.id ?? null
  }

  rotate(stopAfter?: number): string {
    const { ring } = rotateRepository(this.folders.origin, {
      maxActiveKeys: this.maxActiveKeys,
      ...(stopAfter === undefined ? {} : { stopAfter }),
    })
    this.learn(ring)
    return `${ring.keys.size} keys`
  }

  copyTo(nodes: Nodes): void {
    for (const node of nodes)
      this.onNode[node - 1] = this.learn(copyRepository(this.folders.origin, this.folder(node)).ring)
  }

  spoil(nodes: Nodes, how: Spoiling): void {
    for (const node of nodes) {
      spoilKeyFiles(this.folder(node), how)
      this.onNode[node - 1] = null
    }
  }

  mend(nodes: Nodes): void {
    for (const node of nodes) {
      mendKeyFiles(this.folder(node))
      this.onNode[node - 1] = this.learn(readRing(this.folder(node)))
    }
  }

  loseStaged(nodes: Nodes | null): void {
    if (nodes === null) loseStagedKey(this.folders.origin)
    for (const node of nodes ?? []) {
      loseStagedKey(this.folder(node))
      this.onNode[node - 1] = this.learn(readRing(this.folder(node)))
    }
  }

  stage(): void {
    this.learn(setupRepository(this.folders.origin).ring)
  }

  /** Takes note of the keys of a ring. Returns their fingerprints. */
  private learn({ keys }: KeyRing): readonly string[] {
    const all = [...keys.values()]
    for (const key of all) this.everMade.set(key.id, key)
    return all.map(({ id }) => id)
  }

  private folder(node: number): string {
    return this.folders.ofNode[node - 1] as string
  }
}
