// What the program's exit codes mean; settled, because CI pipelines are written against them.
// No data is never a pass.

export const exitCodes = {
  pass: 0,
  gateFailed: 1,
  input: 2,
  world: 3,
  inconclusive: 4,
  defect: 70,
} as const

/** The exit code of each verdict. */
export const verdictCode = {
  pass: exitCodes.pass,
  fail: exitCodes.gateFailed,
  inconclusive: exitCodes.inconclusive,
} as const

/** Help was asked for, or usage was wrong and has been explained: nothing more to say. */
export class UsageEnd extends Error {
  override readonly name = 'UsageEnd'
  readonly code: number
  constructor(code: number) {
    super('')
    this.code = code
  }
}
