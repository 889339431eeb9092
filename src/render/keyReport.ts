// Key folders on a terminal: the keys of each, by fingerprint, and what was found.
// It exists so that a person can compare nodes at a glance without ever seeing a key.
import pc from 'picocolors'
import type { Severity } from '../token/keyFindings.js'
import { drawTable, type Cell } from './columns.js'
import type { KeyWords } from './keyWords.js'
import { counted, plain, wrap } from './text.js'

/** A key as it may be shown. */
export interface ShownKey {
  readonly index: number
  readonly role: string
  readonly fingerprint: string
  /** ISO 8601, UTC. */
  readonly writtenAt: string
  readonly mode: string
  readonly owner: string
}

export interface ShownFolder {
  readonly folder: string
  readonly mode: string
  readonly owner: string
  readonly keys: readonly ShownKey[]
}

export type ShownFinding = KeyWords & { readonly severity: Severity; readonly folder: string | null }

/** What `keys list` and `keys verify` print; with `--json` as it is. */
export interface KeyReport {
  readonly folders: readonly ShownFolder[]
  readonly findings: readonly ShownFinding[]
  /** For validity and rotation, where the user has given both. */
  readonly keysRequired: number | null
  /** What the user has not given, so that it could not be judged. */
  readonly notJudged: readonly string[]
}

export interface KeyReportOptions {
  readonly columns: number
  readonly colour: boolean
}

const folderTable = (folder: ShownFolder, width: number, dim: (text: string) => string): string[] => {
  const rows = folder.keys.map(({ index, role, fingerprint, writtenAt, mode, owner }): Cell[] =>
    [String(index), role, fingerprint, writtenAt, mode, owner].map((text) => ({ text })),
  )
  const heads = ['key', 'role', 'fingerprint', 'written', 'mode', 'owner']
  return [
    `${plain(folder.folder)}  ${dim(`${folder.mode} ${folder.owner}`)}`,
    ...(rows.length === 0
      ? ['  no key']
      : drawTable(heads, rows, { width: width - 2, left: [1, 2, 3, 4, 5], paintHead: dim }).map(
          (line) => `  ${line}`,
        )),
  ]
}

const severityWords: Readonly<Record<Severity, string>> = {
  refuses: 'refuses tokens',
  risk: 'risk',
  note: 'note',
}

/** The folders with their keys. */
export const renderKeyFolders = (folders: readonly ShownFolder[], options: KeyReportOptions): string => {
  const { dim } = pc.createColors(options.colour)
  return folders
    .map((folder) => `${folderTable(folder, options.columns, dim).join('\n')}\n`)
    .map((text) => text.replace(/ +$/gm, ''))
    .join('\n')
}

/** The folders, the findings and the verdict. */
export const renderKeyReport = (report: KeyReport, options: KeyReportOptions): string => {
  const colours = pc.createColors(options.colour)
  const paint = { refuses: colours.red, risk: colours.yellow, note: colours.dim }
  const lines: string[] = []
  for (const { severity, folder, what, why, remedy } of report.findings) {
    const head = `${severityWords[severity]}  ${folder === null ? 'configuration' : folder}: ${what}`
    const [first = '', ...rest] = wrap(plain(head), options.columns)
    lines.push(
      first.replace(severityWords[severity], (words) => paint[severity](words)),
      ...rest,
    )
    lines.push(...wrap(plain(`Why: ${why}.`), options.columns, '  '))
    lines.push(...wrap(plain(`Remedy: ${remedy}.`), options.columns, '  '))
  }
  if (report.keysRequired !== null)
    lines.push(`Keys needed for this validity and rotation: ${report.keysRequired}.`)
  for (const what of report.notJudged) lines.push(...wrap(`Not judged: ${what}.`, options.columns))
  const refusing = report.findings.filter(({ severity }) => severity === 'refuses').length
  const risks = report.findings.filter(({ severity }) => severity === 'risk').length
  const verdict = refusing === 0 ? 'PASS' : 'FAIL'
  lines.push(
    '',
    `${colours.bold((refusing === 0 ? colours.green : colours.red)(verdict))}  ${counted(report.folders.length, 'folder')}: ` +
      `${refusing === 0 ? 'nothing that refuses tokens' : `${counted(refusing, 'finding')} that ${refusing === 1 ? 'refuses' : 'refuse'} tokens`}, ${counted(risks, 'risk')}.`,
  )
  return `${renderKeyFolders(report.folders, options)}\n${lines.join('\n').trimStart()}\n`
}
