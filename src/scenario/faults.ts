// The faults that a timeline can bring about: what each takes, and where it cannot be played.
// One table, so that the schema, the checks and both worlds mean the same by a kind.
import type { FaultKind, FaultOption, Place } from './scenario.js'

/** What a kind of fault takes, beside `kind`. */
export interface FaultForm {
  readonly needs: readonly FaultOption[]
  readonly takes: readonly FaultOption[]
  /** What it is, for the reference. */
  readonly meaning: string
  /** What the world and the store must be, and why. */
  readonly impossible?: (place: Place) => string | null
}

/** A database can be stopped and frozen only if it is a process, and ours. */
const needsOwnServer =
  (what: string) =>
  ({ world, store }: Place): string | null => {
    if (world === 'simulated' || store === 'mariadb') return null
    if (store === 'mysql') return `a database that was given is not ours to ${what}`
    return `${store} is a file in the backends’ own processes: there is no server to ${what}`
  }

const needsOwnData =
  (what: string) =>
  ({ store }: Place): string | null =>
    store === 'mysql' ? `a database that was given is not ours to ${what}` : null

/** Every kind, in the order in which they are listed everywhere. */
export const faultForms: Readonly<Record<FaultKind, FaultForm>> = {
  'keys-withheld': {
    needs: ['nodes'],
    takes: ['for'],
    meaning: 'key distributions do not reach these backends; when it ends they get the keys',
  },
  'keys-rotated-twice': {
    needs: ['nodes'],
    takes: ['for'],
    meaning:
      'two rotations without a sync between them: only these backends, on which the rotation ran, have the new keys; when it ends all get them',
  },
  'keys-rotated-early': {
    needs: ['times'],
    takes: [],
    meaning: 'so many rotations in a row, each distributed to all: faster than the validity allows',
  },
  'keys-wrong-mode': {
    needs: ['nodes'],
    takes: ['for'],
    meaning: 'the key files are replaced by copies that nobody may read',
  },
  'keys-wrong-owner': {
    needs: ['nodes'],
    takes: ['for'],
    meaning: 'the key files are replaced by copies that belong to another user',
    impossible: ({ world, superuser }) =>
      world === 'local' && !superuser
        ? 'only root may give a file to another user; `keys-wrong-mode` has the same effect'
        : null,
  },
  'staged-key-lost': {
    needs: [],
    takes: ['nodes', 'for'],
    meaning:
      'key 0 is gone, from these backends or else from the repository in which keys are rotated; when it ends it is staged anew',
  },
  'rotation-crash': {
    needs: ['after_step'],
    takes: ['for'],
    meaning:
      'a rotation ends after so many of its file steps (1 writes `0.tmp`, 2 promotes key 0, 3 stages `0.tmp`, then removals); when it ends a key is staged anew',
  },
  'clock-skew': {
    needs: ['nodes', 'skew'],
    takes: ['for'],
    meaning: 'the clocks of these backends are wrong by `skew`',
  },
  'backend-killed': {
    needs: ['nodes'],
    takes: ['for'],
    meaning: 'SIGKILL to these backends; they are started again when it ends',
  },
  'backend-hung': {
    needs: ['nodes'],
    takes: ['for'],
    meaning: 'SIGSTOP to these backends, SIGCONT when it ends',
  },
  'backend-restarted': {
    needs: ['nodes'],
    takes: [],
    meaning: 'these backends end in good order and are started again at once',
  },
  'database-slow': {
    needs: ['latency'],
    takes: ['for'],
    meaning: 'each answer of the database takes so much longer',
    impossible: needsOwnServer('slow down'),
  },
  'database-stopped': {
    needs: [],
    takes: ['for'],
    meaning: 'the database server is shut down, and started again when it ends',
    impossible: needsOwnServer('stop'),
  },
  'database-hung': {
    needs: [],
    takes: ['for'],
    meaning: 'SIGSTOP to the database server, SIGCONT when it ends',
    impossible: needsOwnServer('stop'),
  },
  'database-read-only': {
    needs: [],
    takes: ['for'],
    meaning: 'the database refuses every write: `read_only` of MariaDB, `query_only` of SQLite',
    impossible: needsOwnData('change'),
  },
  'database-full': {
    needs: [],
    takes: ['for'],
    meaning:
      'the table `token` takes no more rows: error 1114 in MariaDB, a file that may not grow (`max_page_count`) in SQLite; deleting still works',
    impossible: needsOwnData('change'),
  },
  'memcached-flushed': {
    needs: [],
    takes: [],
    meaning: 'the memcached of `cache: memcached` forgets everything, as by `flush_all`',
  },
  'memcached-gone': {
    needs: [],
    takes: ['for'],
    meaning: 'that memcached is shut down; when it ends it is there again, empty',
  },
}

/** All kinds of faults. */
export const faultKinds = Object.keys(faultForms) as readonly FaultKind[]
