// The rules of the house as a checker: who may import whom, and what pure folders must not touch.
// It reads the syntax tree of the TypeScript compiler, so a comment or a string can neither hide nor fake a breach.
import fs from 'node:fs'
import { isBuiltin } from 'node:module'
import path from 'node:path'
import ts from 'typescript'

/** A file as the checker sees it: its path relative to src, with `/`, and its text. */
export interface SourceText {
  readonly file: string
  readonly text: string
}

export type Rule =
  | 'layers'
  | 'neighbours share types only'
  | 'pure folders import no platform'
  | 'pure folders use no ambient time, chance or process'
  | 'no default exports'
  | 'no enums'
  | 'opening comment'
  | 'names'

export interface Breach {
  readonly rule: Rule
  readonly file: string
  readonly line: number
  readonly message: string
}

/** From the ground up; each layer may import from those before it. Folders of one layer are neighbours. */
export const layers: readonly (readonly string[])[] = [
  ['base'],
  ['token', 'scenario', 'measure', 'plan', 'render'],
  ['identity', 'clients'],
  ['rehearsal'],
  ['io'],
  ['worlds'],
  ['commands'],
  ['main.ts'],
]

/** Outside the layers: these import from all of them but the ones named, and nobody imports these. */
const besideLayers: ReadonlyMap<string, readonly string[]> = new Map([
  ['index.ts', ['main.ts', 'commands', 'bench']],
  ['bench', ['main.ts']],
])

const pureFolders: ReadonlySet<string> = new Set([
  'base',
  'token',
  'scenario',
  'measure',
  'plan',
  'render',
  'identity',
  'clients',
  'rehearsal',
])

/** Packages that open sockets, files or processes: their home is io. */
const drivers: ReadonlySet<string> = new Set(['autocannon', 'better-sqlite3', 'mysql2', 'pino', 'undici'])

/** What makes `node:crypto` random, so that a seed no longer decides: banned even where the rest is allowed. */
const randomCrypto: ReadonlySet<string> = new Set([
  'createDiffieHellman',
  'createECDH',
  'generateKey',
  'generateKeyPair',
  'generateKeyPairSync',
  'generateKeySync',
  'generatePrime',
  'generatePrimeSync',
  'getRandomValues',
  'randomBytes',
  'randomFill',
  'randomFillSync',
  'randomInt',
  'randomUUID',
  'subtle',
  'webcrypto',
])

/** Globals that bring in the machine. `Buffer` is allowed in token/, whose payloads are binary. */
const platformGlobals: ReadonlySet<string> = new Set([
  'Buffer',
  'WebSocket',
  'clearImmediate',
  'clearInterval',
  'clearTimeout',
  'console',
  'crypto',
  'fetch',
  'global',
  'globalThis',
  'performance',
  'process',
  'setImmediate',
  'setInterval',
  'setTimeout',
])

const bannedNames: ReadonlySet<string> = new Set([
  'common',
  'helper',
  'helpers',
  'manager',
  'managers',
  'util',
  'utils',
])

/** Every TypeScript file below a folder; none if the folder is not there. */
export function readSources(folder: string): SourceText[] {
  if (!fs.existsSync(folder)) return []
  return fs
    .readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile() && entry.name.endsWith('.ts'))
    .map((entry) => path.join(entry.parentPath, entry.name))
    .sort()
    .map((full) => ({
      file: path.relative(folder, full).split(path.sep).join('/'),
      text: fs.readFileSync(full, 'utf8'),
    }))
}

export function checkSources(sources: readonly SourceText[]): Breach[] {
  return sources.flatMap((source) => checkSource(source))
}

export function checkSource(source: SourceText): Breach[] {
  const { tree, checker } = parse(source)
  const breaches: Breach[] = []
  const report: Report = (rule, node, message) => {
    const position = typeof node === 'number' ? node : node.getStart(tree)
    const line = tree.getLineAndCharacterOfPosition(position).line + 1
    breaches.push({ rule, file: source.file, line, message })
  }

  checkNames(source.file, report)
  checkOpeningComment(source.text, report)
  checkPlace(source.file, report)
  const home = homeOf(source.file)
  for (const edge of importsOf(tree)) {
    checkLayer(source.file, edge, report)
    if (pureFolders.has(home)) checkPlatformImport(home, edge, report)
  }
  walk(tree, (node) => checkDeclaration(node, report))
  if (pureFolders.has(home)) checkGlobals(tree, checker, home, report)
  return breaches.sort((a, b) => a.line - b.line)
}

/** For people: one line a breach, in the form editors make clickable. */
export function describeBreach({ file, line, message }: Breach): string {
  return `src/${file}:${line} ${message}`
}

type Report = (rule: Rule, where: ts.Node | number, message: string) => void

/** The folder (or top-level file) of src that decides a file's layer. */
function homeOf(file: string): string {
  return file.split('/')[0] ?? file
}

function parse({ file, text }: SourceText): { tree: ts.SourceFile; checker: ts.TypeChecker } {
  const name = `/src/${file}`
  const options: ts.CompilerOptions = {
    target: ts.ScriptTarget.ES2023,
    module: ts.ModuleKind.ESNext,
    noLib: true,
    noResolve: true,
    types: [],
  }
  const tree = ts.createSourceFile(name, text, ts.ScriptTarget.ES2023, true)
  // A program of this one file: a name it does not declare itself is then known to be a global.
  const host: ts.CompilerHost = {
    getSourceFile: (wanted) => (wanted === name ? tree : undefined),
    getDefaultLibFileName: () => '/lib.d.ts',
    writeFile: () => undefined,
    getCurrentDirectory: () => '/',
    getCanonicalFileName: (wanted) => wanted,
    useCaseSensitiveFileNames: () => true,
    getNewLine: () => '\n',
    fileExists: (wanted) => wanted === name,
    readFile: () => undefined,
  }
  return { tree, checker: ts.createProgram([name], options, host).getTypeChecker() }
}

function walk(node: ts.Node, visit: (node: ts.Node) => void): void {
  visit(node)
  ts.forEachChild(node, (child) => walk(child, visit))
}

/** One import, whichever way it is written. `specifier` is null where only running would tell it. */
interface ImportEdge {
  readonly node: ts.Node
  readonly specifier: string | null
  readonly typeOnly: boolean
  /** The names taken, by their names in the imported module; null when all of it is taken. */
  readonly names: readonly string[] | null
}

function importsOf(tree: ts.SourceFile): ImportEdge[] {
  const edges: ImportEdge[] = []
  walk(tree, (node) => {
    const edge = importEdge(node)
    if (edge !== null) edges.push(edge)
  })
  return edges
}

function importEdge(node: ts.Node): ImportEdge | null {
  if (ts.isImportDeclaration(node)) {
    const clause = node.importClause
    return {
      node,
      specifier: literalText(node.moduleSpecifier),
      typeOnly: clause?.phaseModifier === ts.SyntaxKind.TypeKeyword,
      names: importedNames(clause),
    }
  }
  if (ts.isExportDeclaration(node) && node.moduleSpecifier !== undefined) {
    const names =
      node.exportClause !== undefined && ts.isNamedExports(node.exportClause)
        ? node.exportClause.elements.map((element) => (element.propertyName ?? element.name).text)
        : null
    return { node, specifier: literalText(node.moduleSpecifier), typeOnly: node.isTypeOnly, names }
  }
  if (ts.isImportEqualsDeclaration(node) && ts.isExternalModuleReference(node.moduleReference)) {
    const specifier = literalText(node.moduleReference.expression)
    return { node, specifier, typeOnly: node.isTypeOnly, names: null }
  }
  if (ts.isImportTypeNode(node)) {
    const specifier = ts.isLiteralTypeNode(node.argument) ? literalText(node.argument.literal) : null
    return { node, specifier, typeOnly: true, names: null }
  }
  if (ts.isCallExpression(node) && isLoadingCall(node)) {
    return { node, specifier: literalText(node.arguments[0]), typeOnly: false, names: null }
  }
  return null
}

/** `import(…)` and `require(…)`. */
function isLoadingCall(node: ts.CallExpression): boolean {
  const callee = node.expression
  return callee.kind === ts.SyntaxKind.ImportKeyword || (ts.isIdentifier(callee) && callee.text === 'require')
}

function literalText(node: ts.Node | undefined): string | null {
  return node !== undefined && ts.isStringLiteralLike(node) ? node.text : null
}

function importedNames(clause: ts.ImportClause | undefined): string[] | null {
  const bindings = clause?.namedBindings
  if (clause === undefined || clause.name !== undefined) return null
  if (bindings === undefined || !ts.isNamedImports(bindings)) return null
  return bindings.elements.map((element) => (element.propertyName ?? element.name).text)
}

function isRelative(specifier: string): boolean {
  return specifier === '.' || specifier === '..' || specifier.startsWith('./') || specifier.startsWith('../')
}

/** The home of what a relative import names, or null where that lies outside src. */
function targetHome(file: string, specifier: string): string | null {
  const target = path.posix.normalize(path.posix.join(path.posix.dirname(file), specifier))
  if (target === '..' || target.startsWith('../')) return null
  const home = homeOf(target)
  return home === target ? home.replace(/\.js$/, '.ts') : home
}

function layerOf(home: string): number {
  return layers.findIndex((folders) => folders.includes(home))
}

function checkLayer(file: string, edge: ImportEdge, report: Report): void {
  if (edge.specifier === null || !isRelative(edge.specifier)) return
  const from = homeOf(file)
  const to = targetHome(file, edge.specifier)
  if (to === null) {
    report('layers', edge.node, `imports '${edge.specifier}', which is outside src`)
    return
  }
  if (from === to) return

  const refused = besideLayers.get(from)
  if (refused !== undefined) {
    if (refused.includes(to)) report('layers', edge.node, `${from} must not import from ${to}`)
    return
  }
  if (besideLayers.has(to)) {
    report('layers', edge.node, `nothing may import from ${to}, it stands outside the layers`)
    return
  }
  const fromLayer = layerOf(from)
  const toLayer = layerOf(to)
  // Where either end has no layer, the file that is out of place is reported itself.
  if (fromLayer < 0) return
  if (toLayer < 0) {
    report('layers', edge.node, `imports from ${to}, which belongs to no layer`)
  } else if (toLayer > fromLayer) {
    report('layers', edge.node, `${from} must not import from ${to}, a later layer`)
  } else if (toLayer === fromLayer && !edge.typeOnly) {
    report('neighbours share types only', edge.node, `${from} may only \`import type\` from ${to}`)
  }
}

function checkPlace(file: string, report: Report): void {
  const home = homeOf(file)
  if (layerOf(home) >= 0 || besideLayers.has(home)) return
  report('layers', 0, `${home} belongs to no layer; add it to test/support/layers.ts and src/ARCHITECTURE.md`)
}

function checkPlatformImport(home: string, edge: ImportEdge, report: Report): void {
  const rule: Rule = 'pure folders import no platform'
  const { specifier } = edge
  if (specifier === null) {
    report(rule, edge.node, `${home} is pure and must not load a module whose name is computed`)
    return
  }
  if (isRelative(specifier)) return
  if (drivers.has(packageOf(specifier))) {
    report(rule, edge.node, `${home} is pure and must not import '${specifier}', a driver; its home is io`)
    return
  }
  if (!isBuiltin(specifier)) return
  if (home !== 'token' || specifier !== 'node:crypto') {
    report(rule, edge.node, `${home} is pure and must not import '${specifier}'`)
    return
  }
  if (edge.typeOnly) return
  if (edge.names === null) {
    report(rule, edge.node, `token must import the functions of 'node:crypto' by name, so that each is seen`)
    return
  }
  for (const name of edge.names.filter((each) => randomCrypto.has(each) || each === 'default')) {
    report(rule, edge.node, `token is pure and must not import ${name}; randomness is an argument`)
  }
}

/** `@scope/name/sub` → `@scope/name`, `name/sub` → `name`. */
function packageOf(specifier: string): string {
  return specifier
    .split('/')
    .slice(0, specifier.startsWith('@') ? 2 : 1)
    .join('/')
}

function checkDeclaration(node: ts.Node, report: Report): void {
  if (ts.isEnumDeclaration(node)) {
    report('no enums', node, `enum ${node.name.text}: use a union of string literals`)
  }
  if (ts.isExportAssignment(node)) report('no default exports', node, 'default export: give it a name')
  if (ts.isExportSpecifier(node) && node.name.text === 'default') {
    report('no default exports', node, 'exports something as default: give it a name')
  }
  const modifiers = ts.canHaveModifiers(node) ? ts.getModifiers(node) : undefined
  if (modifiers?.some((modifier) => modifier.kind === ts.SyntaxKind.DefaultKeyword)) {
    report('no default exports', node, 'default export: give it a name')
  }
}

function checkGlobals(tree: ts.SourceFile, checker: ts.TypeChecker, home: string, report: Report): void {
  const rule: Rule = 'pure folders use no ambient time, chance or process'
  walkValues(tree, (node) => {
    if (!ts.isIdentifier(node) || !isReference(node) || declaredHere(node, checker)) return
    const why = ambientUse(node, home)
    if (why !== null) report(rule, node, `${home} is pure and must not use ${why}`)
  })
}

/** What an unbound name brings in from outside, or null where it is harmless. */
function ambientUse(node: ts.Identifier, home: string): string | null {
  if (node.text === 'Buffer' && home === 'token') return null
  if (platformGlobals.has(node.text)) return node.text
  if (node.text === 'Math') {
    const member = memberOf(node)
    if (member === null) return '`Math` as a value (it would hide Math.random)'
    return member === 'random' ? 'Math.random' : null
  }
  return node.text === 'Date' ? ambientDate(node) : null
}

/** A Date may be made from an argument, parsed, and tested for; it must not read the clock. */
function ambientDate(node: ts.Identifier): string | null {
  const { parent } = node
  if (ts.isNewExpression(parent) && parent.expression === node) {
    return (parent.arguments?.length ?? 0) === 0 ? '`new Date()` without arguments' : null
  }
  if (ts.isBinaryExpression(parent) && parent.operatorToken.kind === ts.SyntaxKind.InstanceOfKeyword) {
    return parent.right === node ? null : '`Date` as a value'
  }
  const member = memberOf(node)
  if (member === 'UTC' || member === 'parse') return null
  return member === null ? '`Date` as a value (it would hide Date.now)' : `Date.${member}`
}

/** `name` of `node.name` and `node['name']`; null for any other use. */
function memberOf(node: ts.Identifier): string | null {
  const { parent } = node
  if (ts.isPropertyAccessExpression(parent) && parent.expression === node) return parent.name.text
  if (ts.isElementAccessExpression(parent) && parent.expression === node) {
    return literalText(parent.argumentExpression)
  }
  return null
}

/** Walks what exists when the program runs: types are passed over, as they touch nothing. */
function walkValues(node: ts.Node, visit: (node: ts.Node) => void): void {
  if (ts.isExpressionWithTypeArguments(node)) {
    const inherited =
      ts.isHeritageClause(node.parent) && node.parent.token === ts.SyntaxKind.ImplementsKeyword
    if (!inherited) walkValues(node.expression, visit)
    return
  }
  const typesOnly = ts.isTypeNode(node) || ts.isInterfaceDeclaration(node) || ts.isTypeAliasDeclaration(node)
  if (typesOnly || ts.isImportDeclaration(node) || ts.isTypeParameterDeclaration(node)) return
  visit(node)
  ts.forEachChild(node, (child) => walkValues(child, visit))
}

/** Whether an identifier stands for a value, rather than naming a member, a label or a new binding. */
function isReference(node: ts.Identifier): boolean {
  const { parent } = node
  if (ts.isShorthandPropertyAssignment(parent)) return true
  if (ts.isBreakOrContinueStatement(parent) || ts.isLabeledStatement(parent)) return false
  if (ts.isMetaProperty(parent)) return false
  // `{ name: binding }` in a pattern, and `export { local as name }`: the local end is the reference.
  if (ts.isExportSpecifier(parent)) return node === (parent.propertyName ?? parent.name)
  if (ts.isBindingElement(parent) && parent.propertyName === node) return false
  const named = parent as ts.Node & { readonly name?: ts.Node }
  return named.name !== node
}

function declaredHere(node: ts.Identifier, checker: ts.TypeChecker): boolean {
  const { parent } = node
  const symbol = ts.isShorthandPropertyAssignment(parent)
    ? checker.getShorthandAssignmentValueSymbol(parent)
    : ts.isExportSpecifier(parent)
      ? checker.getExportSpecifierLocalTargetSymbol(parent)
      : checker.getSymbolAtLocation(node)
  // `globalThis` has a symbol of the compiler's own, without a declaration.
  return (symbol?.declarations?.length ?? 0) > 0
}

/** Lines that speak to a tool, not to a reader. */
const directive = /^(oxlint-|eslint-|@ts-|prettier-ignore|#!)/

function checkOpeningComment(text: string, report: Report): void {
  const start = ts.getShebang(text)?.length ?? 0
  const comments = ts.getLeadingCommentRanges(text, start) ?? []
  const lines = comments.flatMap((range) =>
    text
      .slice(range.pos, range.end)
      .split('\n')
      .map((line) =>
        line
          .replace(/^\s*(\/\*+|\*+\/|\*+|\/\/+)?/, '')
          .replace(/\*+\/\s*$/, '')
          .trim(),
      )
      .filter((line) => line !== '' && !directive.test(line)),
  )
  const opens = comments[0] !== undefined && text.slice(start, comments[0].pos).trim() === ''
  if (opens && lines.length >= 2) return
  report('opening comment', 0, 'must open with two lines of comment: what it is, and why it exists')
}

function checkNames(file: string, report: Report): void {
  for (const part of file.split('/')) {
    const words = part
      .replace(/([a-z])([A-Z])/g, '$1-$2')
      .toLowerCase()
      .split(/[-._]/)
    const banned = words.find((word) => bannedNames.has(word))
    if (banned !== undefined) report('names', 0, `is named '${banned}', which says nothing; name the concept`)
  }
}
