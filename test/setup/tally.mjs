// Turns jest's JSON result into the one line that ends a run of the tests.
// Exists apart from the runner so that it can be tested: this line is what other programs read.

/**
 * The part of jest's `--json` result that is read here.
 * @typedef {object} JestResult
 * @property {number} numPassedTests
 * @property {number} numFailedTests
 * @property {number} numPendingTests
 * @property {number} numTodoTests
 * @property {number} numRuntimeErrorTestSuites
 */

/**
 * A test file that could not be run counts as one failure; no result at all is a failure too.
 * @param {JestResult | null} result
 * @returns {string}
 */
export function tally(result) {
  if (result === null) return '0 passed, 1 failed'
  const failed = result.numFailedTests + result.numRuntimeErrorTestSuites
  const skipped = result.numPendingTests + result.numTodoTests
  const line = `${result.numPassedTests} passed, ${failed} failed`
  return skipped === 0 ? line : `${line}, ${skipped} skipped`
}
