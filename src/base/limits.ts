// Limits of the load generator that no scenario sets, since they are the same wherever it runs.
// They stand here because those who judge and those who draw the judgement need the same figure.

/**
 * The share of a run in which the load generator may be ready to run without getting a core. It is no fine measure: how late
 * requests were sent and replies read is judged beside it. Above it, the generator waited more than it ran or rested.
 */
export const cpuWaitShareMost = 0.5
