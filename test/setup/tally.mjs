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
 * The sum over jest's runs. A test file that could not be run counts as one failure; no result at all is a failure too.
 * @param {readonly (JestResult | null)[]} results
 * @returns {string}
 */
export function tally(results) {
  let [passed, failed, skipped] = [0, 0, 0]
  for (const result of results) {
    passed += result?.numPassedTests ?? 0
    failed += result === null ? 1 : result.numFailedTests + result.numRuntimeErrorTestSuites
    skipped += result === null ? 0 : result.numPendingTests + result.numTodoTests
  }
  const line = `${passed} passed, ${failed} failed`
  return skipped === 0 ? line : `${line}, ${skipped} skipped`
}
