// How finely a run is recorded: the width of an interval follows from the run's length, so that a record stays small.
// A record has at most five thousand intervals, whatever the length of the run.

const intervalsMax = 5000
const widthsSec = [1, 2, 5, 10, 15, 20, 30, 60, 120, 300, 600, 900, 1800, 3600]

/** The smallest round width, in scenario seconds, that gives no more than five thousand intervals. */
export const intervalWidthSec = (durationSec: number): number =>
  widthsSec.find((width) => durationSec / width <= intervalsMax) ?? Math.ceil(durationSec / intervalsMax)
