// What the parent asks of the stub, as types for both ends, and how a request says who it is.
// Everything is plain data, since it crosses a process boundary as JSON.
import type { Script } from '../../measure/script.js'

/** The calls that the stub answers. */
export interface StubCalls {
  /** Listens on a free port of 127.0.0.1 and answers after the script's service time, until `begin`. */
  open(script: Script): Promise<{ readonly port: number }>
  /** The script runs from this instant of the machine's steady clock, microseconds. */
  begin(originUs: number): void
  report(): StubReport
}

export interface StubReport {
  /** When each request had come in, microseconds since the origin. */
  readonly arrivalsUs: readonly number[]
  /** The answers that it sent: the id of each request, and when, microseconds since the origin. */
  readonly answers: readonly (readonly [id: string, atUs: number])[]
}

/** The steady clock that all processes of a machine share (CLOCK_MONOTONIC), microseconds. */
export const steadyUs = (): number => Number(process.hrtime.bigint()) / 1000

/** Finds the id of a request in its body, which is a request for a token with the id in place of the user. */
export const idIn = (body: string): string => /"id":"([a-z0-9-]+)"/.exec(body)?.[1] ?? ''
