// Folders of src as JavaScript, for tests that need them in another process.
// It exists so that such tests run the source as it is now, whether or not somebody has built it.
import { transform } from '@swc/core'
import { mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises'
import path from 'node:path'
import { fileURLToPath, pathToFileURL } from 'node:url'

const root = fileURLToPath(new URL('../..', import.meta.url))

export interface CompiledSource {
  /** URL of the folder that stands for src, with a slash at its end. */
  readonly url: string
  remove(): Promise<void>
}

/** Compiles some folders of src into a folder beside node_modules, so that packages are found. */
export const compileSource = async (folders: readonly string[]): Promise<CompiledSource> => {
  const into = await mkdtemp(path.join(root, '.dist-test-'))
  const remove = (): Promise<void> => rm(into, { recursive: true, force: true })
  try {
    for (const folder of folders) {
      const from = path.join(root, 'src', folder)
      const names = (await readdir(from)).filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts'))
      await mkdir(path.join(into, folder), { recursive: true })
      await Promise.all(
        names.map(async (name) => {
          const { code } = await transform(await readFile(path.join(from, name), 'utf8'), {
            jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
            module: { type: 'es6' },
            isModule: true,
            configFile: false,
            swcrc: false,
          })
          await writeFile(path.join(into, folder, name.replace(/\.ts$/, '.js')), code)
        }),
      )
    }
  } catch (error) {
    await remove()
    throw error
  }
  return { url: `${pathToFileURL(into).href}/`, remove }
}
