// The members of a run as the engine drives them: what each has under way, and when it is due next.
// It exists so that the engine need not know where arrivals come from.
import type { TimeMap } from '../base/time.js'
import { behaviours } from '../clients/behaviours.js'
import type { Behaviour, Member } from '../clients/member.js'
import { createArrivals } from '../scenario/arrivals.js'
import type { ClientClass, Scenario } from '../scenario/scenario.js'
import { ArrivalFeed, type ArrivalSource } from './arrivalFeed.js'
import type { Population } from './population.js'

/** What a member has under way, and what has become due meanwhile. */
export interface Lane {
  readonly member: Member
  readonly behaviour: Behaviour
  readonly arrivals: ArrivalSource
  busy: boolean
  /** It is known, and the choice was drawn, that the next call is not answered from memory. */
  asksNext: boolean
  readonly backlogSec: number[]
  /** Since when its calls have failed, scenario seconds; −1: the last one was good. */
  badSinceSec: number
  refused: boolean
}

/**
 * When steps of the timeline may change what clients and services hold: restarts, and whatever goes wrong. Null if one of
 * them waits for something, so that its time is not known.
 */
export const clientsChangeAt = (scenario: Scenario): readonly number[] | null => {
  const steps = scenario.timeline.filter(({ action }) => ['restart', 'fault', 'repair'].includes(action.kind))
  return steps.some(({ waitsFor }) => waitsFor !== undefined)
    ? null
    : steps.map(({ atSec }) => atSec).sort((a, b) => a - b)
}

/** Whose arrivals, and by which plan. */
export interface ArrivalsWanted {
  readonly scenario: Scenario
  readonly population: Population
  /** The stretches as this world runs them: speed and share of the traffic. */
  readonly timeMap: TimeMap
  /** Due instants in place of the plan's own: a recorded schedule, replayed. */
  readonly schedule?: (clientClass: ClientClass, member: number) => ArrivalSource
}

/** Everybody's arrivals as one stream. */
export const arrivalsOf = (
  { scenario, population, timeMap, schedule }: ArrivalsWanted,
  nextSec: (lane: Lane) => number,
): ArrivalFeed<Lane> => {
  const { seed, durationSec, startsAtEpochSec } = scenario
  const { stretches } = timeMap
  const members: (readonly [Lane, ArrivalSource])[] = []
  let perSec = 0
  for (const clientClass of scenario.clients) {
    perSec += clientClass.members / clientClass.everySec
    const behaviour = behaviours[clientClass.behaviour]
    for (const member of population.membersOf(clientClass.name)) {
      const arrivals =
        schedule?.(clientClass, member.index) ??
        createArrivals({
          seed,
          clientClass,
          member: member.index,
          stretches,
          durationSec,
          startsAtEpochSec,
        })
      const lane: Lane = {
        member,
        behaviour,
        arrivals,
        busy: false,
        asksNext: false,
        backlogSec: [],
        badSinceSec: -1,
        refused: false,
      }
      members.push([lane, { next: () => nextSec(lane) }])
    }
  }
  return new ArrivalFeed(members, durationSec, perSec)
}
