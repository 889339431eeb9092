// The hooks behind typescript.mjs: imports name `./x.js`, as in jest's configuration, and swc strips the types.
// They exist apart because node runs hooks in a thread of their own.

import { transform } from '@swc/core'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'

/** @type {import('node:module').ResolveHook} */
export const resolve = async (specifier, context, nextResolve) => {
  const ours = specifier.startsWith('.') && context.parentURL?.endsWith('.ts') === true
  return nextResolve(ours ? specifier.replace(/\.js$/, '.ts') : specifier, context)
}

/** @type {import('node:module').LoadHook} */
export const load = async (url, context, nextLoad) => {
  if (!url.startsWith('file:') || !url.endsWith('.ts')) return nextLoad(url, context)
  const { code } = await transform(await readFile(fileURLToPath(url), 'utf8'), {
    filename: fileURLToPath(url),
    jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
    module: { type: 'es6' },
    sourceMaps: 'inline',
    isModule: true,
    configFile: false,
    swcrc: false,
  })
  return { format: 'module', source: code, shortCircuit: true }
}
