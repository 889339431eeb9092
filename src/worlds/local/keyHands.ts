// What can be done to the key repositories of the local world, on their files: the folder in which keys are rotated, and
// the folders of the backends, which read them as Keystone does.
import { copyRepository, rotateRepository, setupRepository } from '../../io/keyChanges.js'
import { loseStagedKey, mendKeyFiles, spoilKeyFiles, type Spoiling } from '../../io/keyFaults.js'
import type { KeyHands, Nodes } from '../faults/hands.js'

export interface KeyFolders {
  readonly origin: string
  /** In the order of the backends. */
  readonly ofNode: readonly string[]
}

export class LocalKeys implements KeyHands {
  private readonly folders: KeyFolders
  private readonly maxActiveKeys: number

  constructor(folders: KeyFolders, maxActiveKeys: number) {
    this.folders = folders
    this.maxActiveKeys = maxActiveKeys
  }

  rotate(stopAfter?: number): string {
    const { ring } = rotateRepository(this.folders.origin, {
      maxActiveKeys: this.maxActiveKeys,
      ...(stopAfter === undefined ? {} : { stopAfter }),
    })
    return `${ring.keys.size} keys`
  }

  copyTo(nodes: Nodes): void {
    for (const node of nodes) copyRepository(this.folders.origin, this.folder(node))
  }

  spoil(nodes: Nodes, how: Spoiling): void {
    for (const node of nodes) spoilKeyFiles(this.folder(node), how)
  }

  mend(nodes: Nodes): void {
    for (const node of nodes) mendKeyFiles(this.folder(node))
  }

  loseStaged(nodes: Nodes | null): void {
    const folders = nodes === null ? [this.folders.origin] : nodes.map((node) => this.folder(node))
    for (const folder of folders) loseStagedKey(folder)
  }

  stage(): void {
    setupRepository(this.folders.origin)
  }

  private folder(node: number): string {
    return this.folders.ofNode[node - 1] as string
  }
}
