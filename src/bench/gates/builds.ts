// Copies of this build in folders of their own: one as it is, one whose validations take a fifth longer.
// They exist so that the gate is tried on what it is for: two builds of which somebody knows the difference.
import { cp, mkdir, readFile, symlink, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'
import { DefectError } from '../../base/errors.js'

const dist = fileURLToPath(new URL('../..', import.meta.url))

/** How much longer a validation takes in the slow build, from when it is sent to its answer. */
export const slowerBy = 0.2

/** In the built `io/identityServer.js`: where requests that wait together are answered and their answers written. */
const conduct = 'const conduct = (batch) => {'

/** The same, with so much work before it for each validation. */
const slowConduct = (burnMs: number): string => `const conduct = (batch) => {
        const validations = batch.filter(({ request: { method, path } }) => method === 'GET' && path === '/v3/auth/tokens');
        const untilMs = performance.now() + ${burnMs} * validations.length;
        while (performance.now() < untilMs);`

/** Makes the copy's servers slower. @throws DefectError where the built code is not as it is known */
const slowDown = async (copy: string, burnMs: number): Promise<void> => {
  const file = path.join(copy, 'io', 'identityServer.js')
  const text = await readFile(file, 'utf8')
  if (text.split(conduct).length !== 2) throw new DefectError(`${file} has no one place to slow down`)
  await writeFile(
    file,
    text.replace(conduct, () => slowConduct(burnMs)),
  )
}

/**
 * Copies this build into a folder, with its packages beside it. Returns the module that rehearses as it is told.
 * @param burnMs work that is added to each validation; 0: the same build
 */
export const copyBuild = async (folder: string, burnMs: number): Promise<URL> => {
  const copy = path.join(folder, 'dist')
  await mkdir(folder, { recursive: true })
  await cp(dist, copy, { recursive: true })
  for (const name of ['node_modules', 'package.json'])
    await symlink(path.join(dist, '..', name), path.join(folder, name))
  if (burnMs > 0) await slowDown(copy, burnMs)
  return pathToFileURL(path.join(copy, 'worlds', 'compare', 'job.js'))
}
