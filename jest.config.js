// How jest runs this project: TypeScript as ES modules, with types stripped by swc (tsc checks them, not jest).
// Imports name the file that will exist (`./x.js`), so the mapper takes the ending off and jest finds `./x.ts`.

export default {
  roots: ['<rootDir>/test'],
  testMatch: ['**/*.test.ts'],
  // Those beside a real Keystone need its packages: `npm run test:keystone`.
  testPathIgnorePatterns: ['/node_modules/', '/test/keystone/'],
  testEnvironment: 'node',
  extensionsToTreatAsEsm: ['.ts'],
  moduleNameMapper: { '^(\\.{1,2}/.*)\\.js$': '$1' },
  transform: {
    '^.+\\.ts$': [
      '@swc/jest',
      {
        jsc: { parser: { syntax: 'typescript' }, target: 'es2022' },
        module: { type: 'es6' },
        sourceMaps: 'inline',
      },
    ],
  },
  collectCoverageFrom: ['src/**/*.ts'],
}
