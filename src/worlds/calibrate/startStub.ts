// Starts the stub as a process of its own, with a script, for whoever loads it.
// It exists so that every tool meets the same stub, started in the same way.
import { Child } from '../../io/childProcess.js'
import type { Script } from '../../measure/script.js'

/** Throws WorldError if it does not start. */
export const startStub = async (script: Script): Promise<{ readonly stub: Child; readonly url: string }> => {
  const stub = new Child({ name: 'the stub', module: new URL('./stub.js', import.meta.url) })
  try {
    const { port } = await stub.call<{ port: number }>('open', script)
    return { stub, url: `http://127.0.0.1:${port}` }
  } catch (error) {
    await stub.end()
    throw error
  }
}
