// What a request asked of its backend, as far as its cost follows from that.
// It exists so that both worlds see alike whether a token came from the cache and whether a password was checked.
import type { Answer } from '../../identity/drive.js'

export class Meter {
  /** Checks of a password. */
  passwords = 0
  /** Whether a token had to be looked up, as the cache did not have it, or had it for too long. */
  missed = false
  /** Whether that was a token by a trust. */
  missedTrust = false
  private readonly inner: Answer

  constructor(inner: Answer) {
    this.inner = inner
  }

  /** Answers as the backend does, and takes note. */
  readonly answer: Answer = (question) => {
    if (question.ask === 'password.verify') this.passwords++
    // What was not found there is put there.
    else if (question.ask === 'cache.set') {
      this.missed = true
      if (question.value.row.trustId !== null) this.missedTrust = true
    }
    return this.inner(question)
  }
}
