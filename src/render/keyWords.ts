// The sentences for what is wrong with key folders: what it is, why it matters, what to do.
// Apart from the judgement, which speaks in codes, so that each can be read and changed alone.
import type { KeyFinding } from '../token/keyFindings.js'
import { counted, duration, listed } from './text.js'

/** A finding in words. */
export interface KeyWords {
  readonly what: string
  readonly why: string
  readonly remedy: string
}

const octal = (mode: number): string => `0${mode.toString(8).padStart(3, '0')}`
const keysNamed = (indices: readonly number[]): string =>
  `${indices.length === 1 ? 'key' : 'keys'} ${listed(indices.map(String))}`
const copyNow = (from: readonly string[]): string =>
  `copy ${from[0] ?? 'the folder of the node that rotates'} to this node now, the new primary key first, and before the next rotation`

const remedyForNew = ({ of, they }: Extract<KeyFinding, { code: 'cannot-read-new' }>): string => {
  if (they === 'ahead') return copyNow(of)
  if (they === 'level') return 'let one node alone rotate, and copy its folder to all others'
  return `copy this folder to ${listed(of)}, which missed a rotation; what ${of.length === 1 ? 'it' : 'they'} issued meanwhile is refused here until it expires, or until this folder gets that key file, too`
}

/** What a finding means to an operator. Names files, fingerprints and users; never a key. */
export const keyWords = (finding: KeyFinding): KeyWords => {
  switch (finding.code) {
    case 'no-keys':
      return {
        what: 'the folder holds no key',
        why: 'Keystone answers 500 to every token; from Newton on it does not start',
        remedy: 'copy the folder of another node, or make the first one with `cutover keys setup`',
      }
    case 'malformed-key':
      return {
        what: `file ${finding.file} holds no Fernet key (44 characters of base64url)`,
        why: 'Keystone makes all keys of the folder before it opens one token, so this node answers 500 to every token',
        remedy: 'copy this file again from a node that has it whole',
      }
    case 'empty-key':
      return {
        what: `file ${finding.file} is empty`,
        why: 'before Rocky Keystone answers 500 to every token; since Rocky it ignores the file, and with it the key',
        remedy: 'copy this file again from a node that has it whole; a full disk leaves such files',
      }
    case 'misread-name':
      return {
        what: `file ${JSON.stringify(finding.file)} is no name of a key, but Keystone reads it as ${finding.readAs}`,
        why: 'it may stand in for another key or become the primary, on this node alone',
        remedy: 'move the file out of the folder',
      }
    case 'key-not-a-file':
      return {
        what: `${finding.file} is not a file, or a link that leads nowhere`,
        why: 'Keystone passes over it, so this node lacks that key',
        remedy: 'put the key file there, or remove the name',
      }
    case 'closed-file':
      return {
        what: `file ${finding.file} belongs to user ${finding.uid} and is closed to user ${finding.readerUid}, whom Keystone runs as`,
        why: 'Keystone opens every file of the folder before it looks at the name, so this node answers 500 to every token',
        remedy: 'chown the file to the user that Keystone runs as',
      }
    case 'closed-folder':
      return {
        what: `the folder belongs to user ${finding.uid} and is closed to user ${finding.readerUid}, whom Keystone runs as`,
        why: 'Keystone takes the folder for missing and answers 500 to every token; from Newton on it does not start',
        remedy: 'chown the folder to the user that Keystone runs as',
      }
    case 'owned-by-root':
      return {
        what: 'the folder belongs to root',
        why: 'whether Keystone may read it is judged as if it ran as root, which it seldom does',
        remedy: 'say whom it runs as: --keystone-user keystone',
      }
    case 'open-folder':
      return {
        what: `the folder has mode ${octal(finding.mode)}`,
        why: 'whoever reads a key can make tokens for anybody',
        remedy: 'chmod 700',
      }
    case 'open-file':
      return {
        what: `file ${finding.file} has mode ${octal(finding.mode)}`,
        why: 'whoever reads a key can make tokens for anybody',
        remedy: 'chmod 600; if it was open for long, rotate until the key is gone',
      }
    case 'no-staged-key':
      return {
        what: 'there is no staged key (file 0)',
        why: 'the next rotation fails; and if another node rotates, this one does not know its new primary',
        remedy: 'on the node that rotates `cutover keys setup` stages a new key; on others copy its folder',
      }
    case 'interrupted-rotation':
      return finding.stagedMissing
        ? {
            what: 'a rotation stopped halfway: 0.tmp is there and the staged key (file 0) is not',
            why: 'the next rotation fails, and other nodes do not know the new primary unless they had it staged',
            remedy: 'stage a new key with `cutover keys setup`, then copy the folder to all nodes',
          }
        : {
            what: 'a rotation stopped before it changed anything: 0.tmp is left over',
            why: 'it does no harm while Keystone may read it; the next rotation writes over it',
            remedy: 'find out why it stopped (a full disk?), and rotate again',
          }
    case 'only-staged-key':
      return {
        what: 'the only key is the staged one (file 0): a setup stopped halfway, or keys were lost',
        why: 'Keystone seals with it and has no key staged, so other nodes do not know the next primary',
        remedy: 'finish it with `cutover keys setup`, then copy the folder to all nodes',
      }
    case 'lock':
      return {
        what: `${JSON.stringify(finding.file)} is there: the keys are being changed, or a change was killed`,
        why: 'Keystone passes over it, as it is a link that leads nowhere',
        remedy: 'none is needed: the next change takes over what a killed one has left',
      }
    case 'unfinished-copy':
      return {
        what: `${finding.file} is left over from a copy that did not finish`,
        why: 'keys that were to come after it are missing or old',
        remedy: 'copy the folder again',
      }
    case 'foreign-name':
      return {
        what: `${JSON.stringify(finding.file)} is no key`,
        why: 'Keystone ignores it, as long as it may read it',
        remedy: 'move it out of the folder, above all if it is a copy of a key',
      }
    case 'missing-keys':
      return {
        what: `${keysNamed(finding.indices)} ${finding.indices.length === 1 ? 'is' : 'are'} missing between others that are there`,
        why: 'tokens that they sealed are refused here; rotation removes only the lowest keys, so these went by hand or in a copy',
        remedy: 'copy the folder of a node that has them',
      }
    case 'too-few-keys':
      return {
        what: `${counted(finding.keys, 'key')} ${finding.keys === 1 ? 'is' : 'are'} left after pruning, ${finding.required} are needed`,
        why: `tokens sealed shortly before a rotation are refused up to ${duration(finding.earlySec)} before they end`,
        remedy: `set max_active_keys to ${finding.required}; or rotate less often, or shorten the validity`,
      }
    case 'more-keys-than-configured':
      return {
        what: `the folder holds ${counted(finding.keys, 'key')}, max_active_keys is ${finding.maxActiveKeys}`,
        why: `the next rotation removes ${counted(finding.keys + 1 - finding.maxActiveKeys, 'key')} at once, and all tokens that they sealed are refused`,
        remedy: 'raise max_active_keys until those tokens have expired, if it was lowered on purpose',
      }
    case 'max-active-keys-too-small':
      return finding.maxActiveKeys === 1
        ? {
            what: `max_active_keys is 1, ${finding.required} are needed`,
            why: 'each rotation removes the primary key and kills every token that is out',
            remedy: `set max_active_keys to ${finding.required}`,
          }
        : {
            what: `max_active_keys is ${finding.maxActiveKeys}, ${finding.required} are needed`,
            why: `tokens sealed shortly before a rotation are refused up to ${duration(finding.earlySec)} before they end`,
            remedy: `set max_active_keys to ${finding.required}; or rotate less often, or shorten the validity`,
          }
    case 'no-key-in-common':
      return {
        what: `has no key in common with ${listed(finding.with)}`,
        why: 'each of them refuses all tokens of the other: they were set up one by one',
        remedy: 'make one of them the master and copy its folder to the others',
      }
    case 'cannot-read-new':
      return {
        what: `lacks key ${finding.fingerprint}, the primary of ${listed(finding.of)}`,
        why: `every token that ${listed(finding.of)} ${finding.of.length === 1 ? 'issues' : 'issue'} now is refused here`,
        remedy: remedyForNew(finding),
      }
    case 'cannot-read-old': {
      const [first = ''] = finding.of
      return {
        what: `lacks key ${finding.fingerprint}, a secondary key of ${listed(finding.of)}`,
        why:
          finding.live === null
            ? 'tokens that it sealed are refused here, unless all of them have expired (--validity and --rotation would tell)'
            : 'tokens that it sealed may still be valid, and are refused here',
        remedy: `copy file ${finding.index} of ${first} into this folder, and use the same max_active_keys everywhere`,
      }
    }
    case 'rotated-apart':
      return {
        what: `${keysNamed(finding.indices)} ${finding.indices.length === 1 ? 'is' : 'are'} not what ${listed(finding.with)} ${finding.with.length === 1 ? 'has' : 'have'} under the same name`,
        why: 'more than one node rotates, so their primaries differ and they refuse each other’s tokens',
        remedy: 'let one node alone rotate, and copy its folder to all others',
      }
    case 'behind':
      return {
        what: `is ${counted(finding.rotations, 'rotation')} behind ${listed(finding.of)}`,
        why:
          finding.rotations === 1
            ? 'after one rotation more without a copy it refuses the new tokens'
            : 'a copy gives it one new key ahead, so from the second rotation on it refuses the new tokens',
        remedy: copyNow(finding.of),
      }
    case 'staged-differs':
      return {
        what: `has another staged key (file 0) than ${listed(finding.with)}`,
        why: 'when either rotates, the other does not know the new primary and refuses its tokens',
        remedy: 'copy the folder of the node that rotates to all others',
      }
  }
}
