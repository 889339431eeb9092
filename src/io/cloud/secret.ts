// A text that must not be seen: printed, logged or written as JSON it is three asterisks.
// It exists so that a password has to be asked for by name where it is used, and slips out nowhere else.
import { inspect } from 'node:util'

const hidden = '***'

export class Secret {
  readonly #text: string

  constructor(text: string) {
    this.#text = text
  }

  /** The text itself: for a request's body, and nothing else. */
  reveal(): string {
    return this.#text
  }

  toString(): string {
    return hidden
  }

  toJSON(): string {
    return hidden
  }

  [inspect.custom](): string {
    return hidden
  }
}
