// The sans-IO form: logic asks questions as plain data and is resumed with the answers.
// The same generator is driven by a server over SQL and by the simulator over memory.

/** A computation that yields questions Q and ends in T. Answers are typed at the place of the question. */
export type UseCase<T, Q = unknown> = Generator<Q, T, unknown>
