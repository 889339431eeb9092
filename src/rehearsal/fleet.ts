// What mode each backend is in while a run goes, and since when all of them agree about a format.
// The timeline needs it to know when UUID tokens may have ceased, the services to know when a remembered refusal is stale.
import { accepts, issues, type ProviderMode } from '../token/mode.js'
import type { TokenFormat } from '../token/uuid.js'

export class Fleet {
  private readonly modes: ProviderMode[]
  private fernetSince: number | null
  private readonly listeners: (() => void)[] = []

  constructor(backends: number, mode: ProviderMode) {
    this.modes = new Array<ProviderMode>(backends).fill(mode)
    this.fernetSince = issues(mode) === 'fernet' ? 0 : null
  }

  /** A backend (from 1) has switched. */
  changed(node: number, mode: ProviderMode, nowSec: number): void {
    this.modes[node - 1] = mode
    if (!this.modes.every((each) => issues(each) === 'fernet')) this.fernetSince = null
    else this.fernetSince ??= nowSec
    for (const listener of this.listeners) listener()
  }

  /** Since when no backend issues UUID tokens, scenario seconds; null while one does. */
  get allIssueFernetSinceSec(): number | null {
    return this.fernetSince
  }

  /** Whether every backend accepts tokens of a format. */
  allAccept(format: TokenFormat): boolean {
    return this.modes.every((mode) => accepts(mode, format))
  }

  /** Told after each change, in the order in which they asked. */
  onChange(listener: () => void): void {
    this.listeners.push(listener)
  }
}
