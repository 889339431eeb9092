// Work that is given up as soon as somebody does not want it any more.
// It exists once, so that whatever is measured ends at the first Ctrl-C, not when a measurement happens to be over.
import { StoppedError } from '../base/errors.js'

/**
 * What is awaited. What was begun for it goes on until its owner ends it.
 * @throws StoppedError as soon as the signal says so
 */
export const unlessStopped = <T>(signal: AbortSignal, work: Promise<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    const stop = (): void => reject(new StoppedError('stopped by the user'))
    signal.addEventListener('abort', stop)
    if (signal.aborted) stop()
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', stop))
  })
