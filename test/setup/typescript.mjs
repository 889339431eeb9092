// Lets node run the TypeScript of src and test as it is: `node --import ./test/setup/typescript.mjs FILE.ts`.
// It exists so that programs of the tests (conformance, fuzz) need no build and are never older than the source.

import { register } from 'node:module'

register('./typescript-hooks.mjs', import.meta.url)
