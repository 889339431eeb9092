// The `openstack` command of python-openstackclient, as an operator runs it, over `cutover serve`.
// It exists because a stand-in for Keystone is one only as far as its clients cannot tell.
import { afterAll, beforeAll, describe, expect, jest, test } from '@jest/globals'
import { setStage, tokenShapes, loginOf, type Operator, type Shown, type Stage } from './operator.js'

jest.setTimeout(300_000)

describe.each(['uuid', 'fernet'])('the openstack command, provider %s', (provider) => {
  let stage: Stage
  let admin: Operator
  beforeAll(async () => {
    stage = await setStage(['--provider', provider])
    admin = stage.admin
  })
  afterAll(() => stage.close())

  test('issues and revokes tokens', async () => {
    const { id, project_id, user_id } = await admin.shown('token issue')
    expect(id).toMatch(tokenShapes[provider] as RegExp)
    expect(project_id).toMatch(/^[0-9a-f]{32}$/)
    expect(user_id).toMatch(/^[0-9a-f]{32}$/)
    await admin.shown(`token revoke ${String(id)}`)
    expect(await admin.refused(`token revoke ${String(id)}`)).toContain('(HTTP 404)')
  })

  test('refuses a wrong password as Keystone does', async () => {
    const stranger = admin.as(loginOf(stage.url, 'admin', 'wrong', 'admin'))
    expect(await stranger.refused('token issue')).toContain(
      'The request you have made requires authentication. (HTTP 401)',
    )
  })

  test('shows the catalog that bootstrap makes', async () => {
    const rows = await admin.shown<readonly Shown[]>('catalog list')
    expect(rows.map(({ Name, Type }) => [Name, Type])).toEqual([['keystone', 'identity']])
    const { endpoints } = await admin.shown<{ endpoints: readonly Shown[] }>('catalog show identity')
    expect(endpoints.map((endpoint) => endpoint['url'])).toEqual(Array(3).fill(`${stage.url}/`))
  })

  test('makes, changes and deletes domains', async () => {
    const made = await admin.shown('domain create north --description cold')
    expect(made).toMatchObject({ name: 'north', description: 'cold', enabled: true, tags: [] })
    expect(await admin.refused('domain create north')).toContain('(HTTP 409)')
    await admin.shown('domain set north --name south --description warm')
    expect(await admin.shown('domain show south')).toMatchObject({ id: made['id'], description: 'warm' })
    expect(await admin.refused('domain delete south')).toContain(
      'Cannot delete a domain that is enabled, please disable it first. (HTTP 403)',
    )
    await admin.shown('domain set south --disable')
    await admin.shown('domain delete south')
    expect(await admin.column('Name', 'domain list')).toEqual(['Default'])
  })

  test('makes projects in trees, with tags and properties', async () => {
    const parent = await admin.shown('project create parent --description top')
    expect(parent).toMatchObject({
      name: 'parent',
      domain_id: 'default',
      parent_id: 'default',
      is_domain: false,
    })
    const child = await admin.shown('project create child --parent parent --tag blue')
    expect(child).toMatchObject({ parent_id: parent['id'], tags: ['blue'] })
    expect(await admin.refused('project create child')).toContain('(HTTP 409)')
    expect(await admin.shown('project create child --or-show')).toEqual(child)
    expect(await admin.shown('project show child --parents')).toMatchObject({
      parents: { [String(parent['id'])]: { default: null } },
    })
    expect(await admin.shown('project show parent --children')).toMatchObject({
      subtree: { [String(child['id'])]: null },
    })
    await admin.shown('project set child --tag green --property colour=red')
    const { tags, colour } = await admin.shown<{ tags: string[]; colour: string }>('project show child')
    expect({ tags: tags.toSorted(), colour }).toEqual({ tags: ['blue', 'green'], colour: 'red' })
    expect(await admin.column('Name', 'project list --tags blue,green')).toEqual(['child'])
    expect(await admin.column('Name', 'project list --not-tags blue')).toEqual(['admin', 'parent'])
    await admin.shown('project set child --remove-tag blue --name grandchild')
    expect(await admin.shown('project show grandchild')).toMatchObject({ tags: ['green'] })
    expect(await admin.refused('project delete parent')).toContain('(HTTP 403)')
    await admin.shown('project delete grandchild')
    await admin.shown('project delete parent')
    expect(await admin.refused('project show parent')).toContain(
      "No project with a name or ID of 'parent' exists.",
    )
  })

  test('makes users, who log in, change their password and are shut out', async () => {
    const made = await admin.shown(
      'user create alice --password first --email alice@example.org --description A',
    )
    expect(made).toMatchObject({
      name: 'alice',
      enabled: true,
      email: 'alice@example.org',
      domain_id: 'default',
    })
    expect(made['password']).toBeUndefined()
    await admin.shown('role add --user alice --project admin reader')
    expect(await admin.refused('user create alice')).toContain('(HTTP 409)')
    const alice = admin.as(loginOf(stage.url, 'alice', 'first', 'admin'))
    await alice.shown('token issue')
    expect(await alice.refused('user list')).toContain('(HTTP 403)')
    await alice.shown('user password set --original-password first --password second')
    expect(await alice.refused('token issue')).toContain('(HTTP 401)')
    const changed = admin.as(loginOf(stage.url, 'alice', 'second', 'admin'))
    await changed.shown('token issue')
    await admin.shown('user set alice --password third')
    expect(await changed.refused('token issue')).toContain('(HTTP 401)')
    await admin.shown('user set alice --disable --name alicia')
    expect(await admin.shown('user show alicia')).toMatchObject({ id: made['id'], enabled: false })
    expect(await admin.as(loginOf(stage.url, 'alicia', 'third', 'admin')).refused('token issue')).toContain(
      '(HTTP 401)',
    )
    await admin.shown('user delete alicia')
    expect(await admin.column('Name', 'user list')).toEqual(['admin'])
  })

  test('makes groups, whose members come and go', async () => {
    await admin.shown('user create berta')
    await admin.shown('user create carla')
    expect(await admin.shown('group create crew --description all')).toMatchObject({ name: 'crew' })
    await admin.shown('group add user crew berta carla')
    expect((await admin.run('group contains user crew berta')).stdout).toBe('berta in group crew\n')
    expect(await admin.column('Name', 'user list --group crew')).toEqual(['berta', 'carla'])
    expect(await admin.column('Name', 'group list --user berta')).toEqual(['crew'])
    await admin.shown('group remove user crew carla')
    expect((await admin.run('group contains user crew carla')).stderr).toBe('carla not in group crew\n')
    await admin.shown('group set crew --name team --description some')
    expect(await admin.shown('group show team')).toMatchObject({ description: 'some' })
    for (const gone of ['group delete team', 'user delete berta carla']) await admin.shown(gone)
    expect(await admin.shown('group list')).toEqual([])
  })

  test('gives and takes roles on projects, domains and the system, to users and groups, inherited or not', async () => {
    for (const made of [
      'project create land',
      'project create field --parent land',
      'user create dora',
      'group create farm',
    ])
      await admin.shown(made)
    await admin.shown('group add user farm dora')
    await admin.shown('role create digger')
    for (const role of [
      '--user dora --project land member',
      '--group farm --project land digger',
      '--user dora --project land --inherited reader',
      '--user dora --domain default reader',
      '--user dora --system all reader',
    ]) {
      await admin.shown(`role add ${role}`)
    }
    const rows = await admin.shown<readonly Shown[]>('role assignment list --names --user dora')
    expect(
      rows
        .map(({ Role, Project, Domain, System, Inherited }) =>
          [Role, Project || Domain || System, Inherited].join(' '),
        )
        .sort(),
    ).toEqual([
      'member land@Default false',
      'reader Default false',
      'reader all false',
      'reader land@Default true',
    ])
    expect(
      await admin.column('Role', 'role assignment list --names --effective --user dora --project land'),
    ).toEqual(['digger', 'member'])
    expect(
      await admin.column('Role', 'role assignment list --names --effective --user dora --project field'),
    ).toEqual(['reader'])
    expect(await admin.column('Role', 'role assignment list --names --group farm')).toEqual(['digger'])
    expect(await admin.column('User', 'role assignment list --names --role reader --system all')).toEqual([
      'dora@Default',
    ])
    await admin.shown('role remove --user dora --project land member')
    expect(await admin.refused('role remove --user dora --project land member')).toContain('(HTTP 404)')
    expect(
      await admin.column('Role', 'role assignment list --names --effective --user dora --project land'),
    ).toEqual(['digger'])
    await admin.shown('role set digger --name miner')
    expect(await admin.column('Name', 'role list')).toEqual(['admin', 'member', 'miner', 'reader', 'service'])
    for (const gone of [
      'role delete miner',
      'group delete farm',
      'user delete dora',
      'project delete field',
      'project delete land',
    ])
      await admin.shown(gone)
    expect(await admin.column('User', 'role assignment list --names')).toEqual(Array(2).fill('admin@Default'))
  })

  test('makes roles that imply others, and roles of a domain', async () => {
    for (const made of ['role create boss', 'project create firm', 'user create emma'])
      await admin.shown(made)
    await admin.shown('implied role create boss --implied-role member')
    const rules = await admin.shown<readonly Shown[]>('implied role list')
    expect(rules.map((rule) => [rule['Prior Role Name'], rule['Implied Role Name']])).toContainEqual([
      'boss',
      'member',
    ])
    await admin.shown('role add --user emma --project firm boss')
    expect(await admin.column('Role', 'role assignment list --names --effective --user emma')).toEqual([
      'boss',
      'member',
    ])
    await admin.shown('implied role delete boss --implied-role member')
    expect(await admin.column('Role', 'role assignment list --names --effective --user emma')).toEqual([
      'boss',
    ])
    expect(await admin.shown('role create local --domain default')).toMatchObject({ domain_id: 'default' })
    expect(await admin.column('Name', 'role list --domain default')).toEqual(['local'])
    for (const gone of [
      'role delete local --domain default',
      'role delete boss',
      'user delete emma',
      'project delete firm',
    ])
      await admin.shown(gone)
  })

  test('makes regions, services and endpoints, which appear in the catalog and go from it', async () => {
    await admin.shown('region create North --description cold')
    expect(await admin.shown('region create Oslo --parent-region North')).toMatchObject({
      parent_region: 'North',
    })
    expect(await admin.column('Region', 'region list --parent-region North')).toEqual(['Oslo'])
    await admin.shown('region set North --description colder')
    expect(await admin.shown('region show North')).toMatchObject({ description: 'colder' })
    const { id: service } = await admin.shown('service create --name nova --description computes compute')
    expect(await admin.shown('service show compute')).toMatchObject({ id: service, enabled: true })
    const { id: endpoint } = await admin.shown(
      'endpoint create nova public http://nova.example.org:8774/v2.1/%(project_id)s --region North',
    )
    const { id: project } = await admin.shown('project show admin')
    const shown = await admin.shown<{ endpoints: readonly Shown[] }>('catalog show nova')
    expect(shown.endpoints).toEqual([
      {
        id: endpoint,
        interface: 'public',
        region: 'North',
        region_id: 'North',
        url: `http://nova.example.org:8774/v2.1/${String(project)}`,
      },
    ])
    expect(await admin.column('ID', 'endpoint list --service nova --interface public')).toEqual([endpoint])
    expect(await admin.refused('region delete North')).toContain('(HTTP 403)')
    await admin.shown(`endpoint set ${String(endpoint)} --disable`)
    expect(await admin.column('Name', 'catalog list')).toEqual(['keystone'])
    await admin.shown(`endpoint set ${String(endpoint)} --enable --url http://nova.example.org/v2.1`)
    expect(await admin.shown(`endpoint show ${String(endpoint)}`)).toMatchObject({
      url: 'http://nova.example.org/v2.1',
    })
    await admin.shown('service delete nova')
    expect(await admin.column('ID', 'endpoint list')).not.toContain(endpoint)
    for (const gone of ['region delete Oslo', 'region delete North']) await admin.shown(gone)
    expect(await admin.column('Region', 'region list')).toEqual(['RegionOne'])
  })

  test('keeps credentials', async () => {
    const { id } = await admin.shown('credential create admin JBSWY3DPEHPK3PXP --type totp')
    expect(await admin.shown(`credential show ${String(id)}`)).toMatchObject({
      type: 'totp',
      blob: 'JBSWY3DPEHPK3PXP',
    })
    await admin.shown(`credential set ${String(id)} --user admin --type totp --data GEZDGNBVGY3TQOJQ`)
    expect(await admin.column('Data', 'credential list --type totp')).toEqual(['GEZDGNBVGY3TQOJQ'])
    await admin.shown(`credential delete ${String(id)}`)
    expect(await admin.shown('credential list')).toEqual([])
  })
})
