// An operator at the command line of OpenStack, over a service of ours: `openstack`, with answers read from its JSON.
// It exists so that tests read like the commands that they run.
import { adminPassword, startService, type ReadyLine } from '../../support/served.js'
import type { Program, ProgramOptions } from '../../support/program.js'
import { RealClients, type CommandEnd, type Login } from './realClients.js'

/** A row of a list, or what is shown of one thing. */
export type Shown = Readonly<Record<string, unknown>>

/** Commands that print what there is to see. */
const prints = new Set(['list', 'show', 'create', 'issue'])

export class Operator {
  readonly clients: RealClients
  readonly login: Login

  constructor(clients: RealClients, login: Login) {
    this.clients = clients
    this.login = login
  }

  /** The same operator with other variables. */
  as(login: Login): Operator {
    return new Operator(this.clients, login)
  }

  run(command: string): Promise<CommandEnd> {
    return this.clients.command(this.login, command.split(' '))
  }

  /** Runs a command that must end well; what it prints, as data. */
  async shown<T = Shown>(command: string): Promise<T> {
    const isPrinting = command.split(' ').some((word) => prints.has(word))
    const { code, stdout, stderr } = await this.run(isPrinting ? `${command} -f json` : command)
    if (code !== 0) throw new Error(`openstack ${command}: exit code ${code}: ${stderr}`)
    return (stdout === '' ? null : JSON.parse(stdout)) as T
  }

  /** One column of a list, sorted. */
  async column(name: string, command: string): Promise<readonly string[]> {
    return (await this.shown<readonly Shown[]>(command)).map((row) => String(row[name])).sort()
  }

  /** Runs a command that must fail; what it says. */
  async refused(command: string): Promise<string> {
    const { code, stderr } = await this.run(command)
    if (code === 0) throw new Error(`openstack ${command} ended well`)
    return stderr
  }
}

/** The variables of `openrc` for a user of the default domain, scoped to a project of it. */
export const loginOf = (url: string, name: string, password: string, project: string | null): Login => ({
  auth_url: url,
  identity_api_version: '3',
  username: name,
  password,
  user_domain_id: 'default',
  ...(project === null ? {} : { project_name: project, project_domain_id: 'default' }),
})

/** A service of ours, clients beside it, and its administrator. */
export interface Stage {
  readonly program: Program
  readonly ready: ReadyLine
  readonly url: string
  readonly clients: RealClients
  readonly admin: Operator
  close(): Promise<void>
}

export const setStage = async (words: readonly string[], options: ProgramOptions = {}): Promise<Stage> => {
  const [{ program, ready }, clients] = await Promise.all([startService(words, options), RealClients.start()])
  return {
    program,
    ready,
    url: ready.url,
    clients,
    admin: new Operator(clients, loginOf(ready.url, 'admin', adminPassword, 'admin')),
    close: async () => {
      await clients.end()
      program.signal('SIGTERM')
      await program.ended
    },
  }
}

/** What a token of each provider looks like. */
export const tokenShapes: Readonly<Record<string, RegExp>> = {
  uuid: /^[0-9a-f]{32}$/,
  fernet: /^gAAAAA[\w-]{100,250}$/,
}
