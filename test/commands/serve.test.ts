// cutover serve as an operator meets it: the line when it is ready, a log-in, restarts on a kept store, and its end.
// The built program is run and asked over HTTP, so that processes, sockets and files are the real ones.
import { existsSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs'
import os from 'node:os'
import path from 'node:path'
import { afterAll, afterEach, describe, expect, jest, test } from '@jest/globals'
import { childrenOf, isRunning, Program, runProgram, until } from '../support/program.js'
import { adminPassword, callApi, logIn, startService, validate } from '../support/served.js'

// Each test starts processes of its own, which takes a while on a busy machine.
jest.setTimeout(300_000)

const home = mkdtempSync(path.join(os.tmpdir(), 'cutover-serve-test-'))
// So that what a service throws away is looked for where only the tests' own can be.
const temporary = path.join(home, 'tmp')
mkdirSync(temporary)
const options = { cwd: home, env: { TMPDIR: temporary } }
const programs: Program[] = []
afterEach(() => {
  for (const program of programs.splice(0)) program.clear()
})
afterAll(() => rmSync(home, { recursive: true, force: true }))

const serve = async (...words: readonly string[]) => {
  const started = await startService(words, options)
  programs.push(started.program)
  return { ...started, url: started.ready.url }
}

/** Ends a service as a system's manager does; nothing of it may be left. */
const end = async (program: Program): Promise<void> => {
  const children = childrenOf(program.pid)
  program.signal('SIGTERM')
  expect(await program.ended).toMatchObject({ code: 0, signal: null })
  expect(children.filter(({ pid }) => isRunning(pid))).toEqual([])
  expect(readdirSync(temporary)).toEqual([])
}

const tokenOf = async (url: string, name = 'admin'): Promise<string> => {
  const { status, headers } = await logIn(url, name, adminPassword)
  expect(status).toBe(201)
  return headers.get('X-Subject-Token') as string
}

describe('a service', () => {
  test('tells in one line where it is, what it issues, and where store and keys are', async () => {
    const program = new Program(
      [
        'serve',
        '--listen',
        '127.0.0.1:0',
        '--provider',
        'dual-uuid',
        '--release',
        'newton',
        '--keys',
        'keys',
      ],
      { ...options, env: { ...options.env, OS_BOOTSTRAP_PASSWORD: adminPassword } },
    )
    programs.push(program)
    await until('the service is ready', () => program.said.stdout.includes('\n'))
    const keys = path.join(home, 'keys')
    expect(program.said.stdout).toMatch(/^Ready at http:\/\/127\.0\.0\.1:\d+\/v3: .*\n$/)
    expect(program.said.stdout).toContain(
      `provider dual-uuid as in newton, backends 1, store sqlite, keys ${keys}\n`,
    )
    expect(program.said.stderr).toBe('')
    expect(readdirSync(keys).sort()).toEqual(['0', '1'])
    await end(program)
    expect(readdirSync(keys).sort()).toEqual(['0', '1'])
  })

  test('lets admin in with the password of bootstrap, whose project has the roles and the endpoints of one', async () => {
    const { program, url, ready } = await serve('--backends', '2')
    expect(ready).toMatchObject({ provider: 'fernet', release: 'queens', backends: 2, store: 'sqlite' })
    const { status, headers, body } = await logIn(url, 'admin', adminPassword)
    expect(status).toBe(201)
    const token = headers.get('X-Subject-Token') as string
    expect(body).toMatchObject({
      token: {
        user: { name: 'admin', domain: { id: 'default', name: 'Default' } },
        project: { name: 'admin' },
        roles: [{ name: 'admin' }],
        catalog: [
          {
            type: 'identity',
            name: 'keystone',
            endpoints: ['admin', 'internal', 'public'].map((which) =>
              expect.objectContaining({ interface: which, region: 'RegionOne', url: `${url}/` }),
            ),
          },
        ],
      },
    })
    const roles = await callApi(url, 'GET', '/roles', { headers: { 'X-Auth-Token': token } })
    const { roles: all } = roles.body as unknown as { roles: { name: string }[] }
    expect(all.map(({ name }) => name).sort()).toEqual(['admin', 'member', 'reader', 'service'])
    expect((await logIn(url, 'admin', 'wrong')).status).toBe(401)
    // Ctrl-C reaches the whole group; each process of it must be gone when the program is.
    const children = childrenOf(program.pid)
    expect(children).toHaveLength(2)
    program.signalGroup('SIGINT')
    expect(await program.ended).toMatchObject({ code: 0, signal: null })
    expect(children.filter(({ pid }) => isRunning(pid))).toEqual([])
    expect(readdirSync(temporary)).toEqual([])
  })

  test('makes a password up where none is given, and tells it once, apart from what it prints', async () => {
    const { program, ready } = await startService(['--keys', 'made-up'], {
      ...options,
      env: { ...options.env, OS_BOOTSTRAP_PASSWORD: '' },
    })
    programs.push(program)
    const [, password = ''] = /^The password of admin, .*: (\S{24})\n$/.exec(program.said.stderr) ?? []
    expect((await logIn(ready.url, 'admin', password)).status).toBe(201)
    expect(program.said.stdout).not.toContain(password)
    await end(program)
  })

  test('begins with the users of a cloud, who have the password of admin', async () => {
    writeFileSync(path.join(home, 'cloud.yaml'), 'users: 2\nprojects: 1\nservices: [nova]\n')
    const { program, url } = await serve('--cloud', 'cloud.yaml', '--public-url', 'https://id.example.org')
    await tokenOf(url, 'user-0002')
    const { body } = await logIn(url, 'admin', adminPassword)
    const { catalog } = (
      body as unknown as { token: { catalog: { type: string; endpoints: { url: string }[] }[] } }
    ).token
    expect(catalog.map(({ type }) => type).sort()).toEqual(['compute', 'identity'])
    const identity = catalog.find(({ type }) => type === 'identity')
    expect(new Set(identity?.endpoints.map((endpoint) => endpoint.url))).toEqual(
      new Set(['https://id.example.org/v3/']),
    )
    await end(program)
  })
})

describe('a store and keys that are kept', () => {
  const kept = ['--store', 'sqlite:kept.sqlite', '--keys', 'kept-keys', '--release', 'mitaka']

  test('bring users and tokens through a restart, and a cutover is a restart with another provider', async () => {
    const first = await serve('--provider', 'uuid', ...kept)
    expect(statSync(path.join(home, 'kept.sqlite')).mode & 0o777).toBe(0o600)
    const uuid = await tokenOf(first.url)
    const made = await callApi(first.url, 'POST', '/users', {
      headers: { 'X-Auth-Token': uuid },
      body: { user: { name: 'alice', password: adminPassword } },
    })
    expect(made.status).toBe(201)
    await end(first.program)

    const second = await serve('--provider', 'uuid', ...kept)
    expect(await validate(second.url, uuid, uuid)).toBe(200)
    await tokenOf(second.url, 'alice')
    await end(second.program)

    const dual = await serve('--provider', 'dual-fernet', ...kept)
    const fernet = await tokenOf(dual.url)
    expect(fernet).toMatch(/^gAAAA/)
    expect(await validate(dual.url, fernet, uuid)).toBe(200)
    await end(dual.program)

    const last = await serve('--provider', 'fernet', ...kept)
    expect(await validate(last.url, fernet, fernet)).toBe(200)
    expect(await validate(last.url, fernet, uuid)).toBe(404)
    await end(last.program)
    expect(existsSync(path.join(home, 'kept.sqlite'))).toBe(true)
  })

  test('are left as they are, but for a password that is given anew and the address', async () => {
    const { program, url } = await startService([...kept, '--bootstrap-password', 'another'], options).then(
      (started) => {
        programs.push(started.program)
        return { ...started, url: started.ready.url }
      },
    )
    expect(program.said.stderr).toBe('')
    expect((await logIn(url, 'admin', adminPassword)).status).toBe(401)
    const { body } = await logIn(url, 'admin', 'another')
    expect(JSON.stringify(body)).toContain(`"url":"${url}/"`)
    await end(program)
  })
})

describe('a backend that dies', () => {
  test('ends the service with 3 and says so, and nothing of it is left', async () => {
    const { program } = await serve('--backends', '2')
    const children = childrenOf(program.pid)
    process.kill(children[0]?.pid as number, 'SIGKILL')
    const { code, stderr } = await program.ended
    expect({ code, stderr }).toEqual({ code: 3, stderr: 'backend 1 was killed by SIGKILL\n' })
    expect(children.filter(({ pid }) => isRunning(pid))).toEqual([])
    expect(readdirSync(temporary)).toEqual([])
  })
})

describe('what cannot be served', () => {
  test('is refused with all that is wrong, and nothing is made', async () => {
    const before = readdirSync(home).sort()
    mkdirSync(path.join(home, 'broken'))
    writeFileSync(path.join(home, 'broken', '0'), 'no key')
    const { code, stdout, stderr } = await runProgram(
      [
        'serve --provider fernit --listen nowhere --store memory --backends 0 --keys broken',
        '--cloud missing.yaml --public-url id.example.org',
      ].flatMap((words) => words.split(' ')),
      options,
    )
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr.trimEnd().split('\n')).toEqual([
      '--provider: unknown value "fernit"; did you mean `fernet`?',
      '--backends: is 0, but must be at least 1',
      expect.stringMatching(/^--listen: "nowhere" is no address; write HOST:PORT/),
      expect.stringMatching(/^--store: backends cannot share the store memory; /),
      expect.stringMatching(/^--public-url: "id\.example\.org" is no URL of a service; /),
      expect.stringMatching(/^--keys: key files that hold no Fernet key: broken\/0; /),
      expect.stringMatching(/^missing\.yaml: there is no such file; /),
      '7 problems; nothing was started.',
    ])
    expect(readdirSync(home).sort()).toEqual([...before, 'broken'].sort())
  })

  test('ends with 3 where the address is taken', async () => {
    const { program, ready } = await serve()
    const address = new URL(ready.url).host
    const second = await runProgram(['serve', '--listen', address], options)
    expect(second).toMatchObject({ code: 3, stderr: `cannot listen on ${address} (EADDRINUSE)\n` })
    await end(program)
  })
})
