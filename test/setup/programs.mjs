// The programs that tests need on the system, as one table, and how they get there.
// Exists so that a missing program is installed or named, and no test is ever quietly skipped for want of it.

import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import path from 'node:path'

/**
 * @typedef {object} SystemProgram
 * @property {string} program the executable that is looked for, or the full path of what is no executable
 * @property {string} debianPackage the Debian or Ubuntu package that brings it
 * @property {string} why what in this project needs it
 */

/** @type {readonly SystemProgram[]} */
export const systemPrograms = [
  {
    program: 'mariadbd',
    debianPackage: 'mariadb-server-core',
    why: 'the private database server that the `mariadb` store starts',
  },
  {
    program: 'mariadb-install-db',
    debianPackage: 'mariadb-server-core',
    why: 'makes the data folder of that server',
  },
  {
    program: 'mariadb',
    debianPackage: 'mariadb-client-core',
    why: 'looks into that server from outside, independent of our own driver',
  },
  {
    program: 'haproxy',
    debianPackage: 'haproxy',
    why: 'the balancer before the backends with `balancer: haproxy`',
  },
  {
    program: 'memcached',
    debianPackage: 'memcached',
    why: 'the cache that all backends share with `cache: memcached`',
  },
  {
    program: 'openstack',
    debianPackage: 'python3-openstackclient',
    why: 'the command of operators, with keystoneauth1 and keystoneclient under it, run against `cutover serve`',
  },
  {
    program: '/usr/lib/python3/dist-packages/keystonemiddleware',
    debianPackage: 'python3-keystonemiddleware',
    why: 'auth_token, by which every OpenStack service validates tokens',
  },
  {
    program: 'chromium',
    debianPackage: 'chromium',
    why: 'the browser in which the HTML report is looked at',
  },
]

/**
 * What a real Keystone needs, for the tests that stand beside one. None of these packages starts a service.
 * @type {readonly SystemProgram[]}
 */
export const keystonePrograms = [
  {
    program: 'keystone-manage',
    debianPackage: 'python3-keystone',
    why: 'a real Keystone, whose own code reads our keys and tokens, and ours its',
  },
  {
    program: 'uwsgi-core',
    debianPackage: 'uwsgi-core',
    why: 'serves that Keystone over HTTP',
  },
  {
    program: 'uwsgi_python3',
    debianPackage: 'uwsgi-plugin-python3',
    why: 'lets uwsgi run Python',
  },
]

/** Where system programs stand even when an ordinary user's PATH leaves them out. */
const systemFolders = ['/usr/local/sbin', '/usr/sbin', '/sbin']

/**
 * @param {string} program
 * @param {string} [searchPath]
 * @returns {string | null} its full path
 */
export function findProgram(program, searchPath = process.env['PATH'] ?? '') {
  if (path.isAbsolute(program)) return fs.existsSync(program) ? program : null
  const folders = [...searchPath.split(path.delimiter).filter((folder) => folder !== ''), ...systemFolders]
  for (const folder of folders) {
    const candidate = path.join(folder, program)
    try {
      fs.accessSync(candidate, fs.constants.X_OK)
      return candidate
    } catch {
      // Not here; look in the next folder.
    }
  }
  return null
}

/**
 * @param {readonly SystemProgram[]} wanted
 * @param {(program: string) => string | null} [find]
 * @returns {SystemProgram[]}
 */
export function missingPrograms(wanted, find = (program) => findProgram(program)) {
  return wanted.filter(({ program }) => find(program) === null)
}

/**
 * @param {readonly SystemProgram[]} missing
 * @returns {string[]} each package once
 */
export function packagesFor(missing) {
  return [...new Set(missing.map(({ debianPackage }) => debianPackage))]
}

/**
 * What a person must do where we may not install anything.
 * @param {readonly SystemProgram[]} missing
 * @returns {string}
 */
export function instructions(missing) {
  const packages = packagesFor(missing).join(' ')
  return [
    'The tests need programs that are not on this system:',
    ...missing.map(({ program, debianPackage, why }) => `  ${program} (package ${debianPackage}): ${why}`),
    `Packages to install: ${packages}`,
    'On Debian or Ubuntu, as root:',
    `  apt-get update && apt-get install -y --no-install-recommends ${packages}`,
  ].join('\n')
}

/** @returns {boolean} */
function mayInstall() {
  return process.getuid?.() === 0 && findProgram('apt-get') !== null
}

/**
 * @param {readonly string[]} options
 * @returns {boolean} whether it ended well
 */
function aptGet(options) {
  console.log(`$ apt-get ${options.join(' ')}`)
  const run = spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...options], {
    // With the system folders, as dpkg refuses to work without the programs in them.
    env: {
      ...process.env,
      DEBIAN_FRONTEND: 'noninteractive',
      PATH: [process.env['PATH'], ...systemFolders].join(path.delimiter),
    },
    stdio: ['ignore', 'inherit', 'inherit'],
  })
  return run.status === 0
}

/**
 * Sees to it that the programs are there, installing their packages where that is allowed.
 * @param {readonly SystemProgram[]} [wanted]
 * @returns {boolean} whether all of them are there now
 */
export function ensurePrograms(wanted = systemPrograms) {
  const missing = missingPrograms(wanted)
  if (missing.length > 0 && mayInstall()) {
    console.log(`Installing what the tests need: ${packagesFor(missing).join(', ')}`)
    // The lists may be good enough even if refreshing them failed, so the installation decides.
    aptGet(['update'])
    aptGet(['install', '-y', '--no-install-recommends', ...packagesFor(missing)])
  }
  const stillMissing = missingPrograms(wanted)
  if (stillMissing.length > 0) {
    console.error(instructions(stillMissing))
    return false
  }
  for (const { program } of wanted) console.log(`${program}: ${findProgram(program)}`)
  return true
}
