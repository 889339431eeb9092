// What can be done to the simulated world when a fault is played: each deed changes the model, at once.
// The local world's hands do the same things to processes and files.
import type { Random } from '../../base/random.js'
import { fernetKeyFromBytes, type FernetKey } from '../../token/fernet.js'
import {
  applyStep,
  filesFromRing,
  ringFromFiles,
  rotateRing,
  setupRing,
  type KeyFiles,
  type KeyRing,
} from '../../token/keyring.js'
import type { BackendHands, DatabaseHands, KeyHands, Nodes } from '../faults/hands.js'
import type { SimulatedDatabase } from './database.js'
import { endLife, type SimulatedNode } from './node.js'

/** The repository in which keys are rotated, as its files, and the rings of the backends. */
export class SimulatedKeys implements KeyHands {
  private files: KeyFiles
  private ring: KeyRing
  private readonly fleet: readonly SimulatedNode[]
  private readonly maxActiveKeys: number
  private readonly random: Random

  constructor(options: {
    readonly origin: KeyRing
    readonly fleet: readonly SimulatedNode[]
    readonly maxActiveKeys: number
    readonly random: Random
  }) {
    this.ring = options.origin
    this.files = filesFromRing(options.origin)
    this.fleet = options.fleet
    this.maxActiveKeys = options.maxActiveKeys
    this.random = options.random
  }

  rotate(stopAfter?: number): string {
    const { steps } = rotateRing(this.ring, { maxActiveKeys: this.maxActiveKeys, fresh: this.freshKey() })
    for (const step of steps.slice(0, stopAfter)) this.files = applyStep(this.files, step)
    return this.changed()
  }

  copyTo(nodes: Nodes): void {
    // A copy makes a node's ring equal to the origin's, so they may be one object.
    for (const node of nodes) this.node(node).ring = this.ring
  }

  spoil(nodes: Nodes): void {
    for (const node of nodes) this.node(node).ring = null
  }

  mend(nodes: Nodes): void {
    this.copyTo(nodes)
  }

  loseStaged(nodes: Nodes | null): void {
    if (nodes === null) {
      const files = new Map(this.files)
      files.delete('0')
      this.files = files
      this.changed()
      return
    }
    for (const node of nodes) {
      const { ring } = this.node(node)
      if (ring !== null) this.node(node).ring = { keys: new Map([...ring.keys].filter(([i]) => i !== 0)) }
    }
  }

  stage(): void {
    const { steps } = setupRing({ primary: this.freshKey(), staged: this.freshKey(), ring: this.ring })
    for (const step of steps) this.files = applyStep(this.files, step)
    this.changed()
  }

  private changed(): string {
    this.ring = ringFromFiles(this.files)
    return `${this.ring.keys.size} keys`
  }

  private freshKey(): FernetKey {
    return fernetKeyFromBytes(this.random.bytes(32))
  }

  private node(number: number): SimulatedNode {
    return this.fleet[number - 1] as SimulatedNode
  }
}

export const simulatedBackends = (fleet: readonly SimulatedNode[]): BackendHands => {
  const each = (nodes: Nodes, change: (node: SimulatedNode) => void): void => {
    for (const number of nodes) change(fleet[number - 1] as SimulatedNode)
  }
  const kill = (nodes: Nodes): void =>
    each(nodes, (node) => {
      node.up = false
      endLife(node)
      node.gate.open()
    })
  return {
    kill,
    // A process that ends in good order answers what it has begun; what it would have begun later is lost.
    end: kill,
    start: (nodes) =>
      each(nodes, (node) => {
        node.up = true
      }),
    hang: (nodes) => each(nodes, (node) => node.gate.close()),
    resume: (nodes) => each(nodes, (node) => node.gate.open()),
    skew: (nodes, aheadSec) =>
      each(nodes, (node) => {
        node.aheadSec = aheadSec
      }),
  }
}

export const simulatedDatabaseHands = (database: SimulatedDatabase): DatabaseHands => ({
  slow: (latencySec) => {
    database.latencyUs = latencySec * 1e6
  },
  stop: () => {
    database.up = false
    database.gate.open()
  },
  start: () => {
    database.up = true
  },
  hang: () => database.gate.close(),
  resume: () => database.gate.open(),
  readOnly: (on) => {
    database.readOnly = on
  },
  full: (on) => {
    database.full = on
  },
})
