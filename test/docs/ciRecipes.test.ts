// The recipes for pipelines: YAML that parses, shell that parses, calls that the program knows, actions that cannot change.
// It exists because nobody runs them here, and whoever copies them finds out on a Friday.
import { spawnSync } from 'node:child_process'
import fs from 'node:fs'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from '@jest/globals'
import { parse } from 'yaml'
import { optionsOf } from '../support/programHelp.js'

const pathOf = (file: string): string => fileURLToPath(new URL(`../../${file}`, import.meta.url))
const textOf = (file: string): string => fs.readFileSync(pathOf(file), 'utf8')

interface GithubStep {
  readonly run?: string
  readonly uses?: string
}
interface GithubJob {
  readonly 'timeout-minutes'?: number
  readonly steps: readonly GithubStep[]
}
interface GitlabJob {
  readonly timeout?: string
  readonly script: readonly string[]
}

const github = parse(textOf('scenarios/ci/github-actions.yml')) as {
  readonly jobs: Record<string, GithubJob>
}
const {
  stages: _stages,
  '.rehearsal': _shared,
  ...gitlabJobs
} = parse(textOf('scenarios/ci/gitlab-ci.yml')) as Record<string, GitlabJob>

/** The shell of each job as one script. */
const scripts = [
  ...Object.entries(github.jobs).map(([job, { steps }]) => ({
    job: `GitHub, ${job}`,
    // Expressions of GitHub are replaced before a shell sees them.
    script: steps
      .flatMap(({ run }) => run ?? [])
      .join('\n')
      .replaceAll(/\$\{\{.*?\}\}/g, 'x'),
  })),
  ...Object.entries(gitlabJobs).map(([job, { script }]) => ({
    job: `GitLab, ${job}`,
    script: script.join('\n'),
  })),
]

describe.each(scripts)('$job', ({ script }) => {
  // A call that goes on in the next line is one.
  const calls = [...script.replaceAll(/\\\n\s*/g, '').matchAll(/npx cutover (\w+) ([^\n]*)/g)].map(
    ([, verb = '', rest = '']) => ({ verb, rest: rest.split(/ \|\| | >> /)[0] ?? '' }),
  )

  test('is shell', () => {
    const { status, stderr } = spawnSync('bash', ['-n'], { input: script, encoding: 'utf8' })
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' })
  })

  test('calls verbs with options that they have, on scenarios that are there', async () => {
    expect(calls.map(({ verb }) => verb)).toEqual(['rehearse', 'gate'])
    for (const { verb, rest } of calls) {
      const known = await optionsOf(verb)
      expect(
        [...rest.matchAll(/--[\w-]+/g)].map(([name]) => name).filter((name) => !known.includes(name)),
      ).toEqual([])
      for (const [scenario] of rest.matchAll(/scenarios\/\S+\.yaml/g))
        expect(fs.existsSync(pathOf(scenario))).toBe(true)
    }
  })

  test('judges the folder that it has written', () => {
    const [rehearse, gate] = calls.map(({ rest }) => rest)
    const out = /--out (\S+)/.exec(rehearse ?? '')?.[1] ?? 'none'
    expect(gate).toContain(out)
    expect(gate).toMatch(/--junit \S+\.xml --markdown \S+\.md/)
  })
})

test('every job has an end', () => {
  for (const { 'timeout-minutes': minutes } of Object.values(github.jobs))
    expect(minutes).toBeLessThanOrEqual(30)
  for (const { timeout } of Object.values(gitlabJobs)) expect(timeout).toMatch(/^\d+ minutes$/)
})

test('every action is pinned to a commit, and says of which version it is', () => {
  const uses = [...textOf('scenarios/ci/github-actions.yml').matchAll(/uses: (.*)$/gm)].map(
    ([, what]) => what,
  )
  expect(uses.length).toBeGreaterThan(0)
  for (const what of uses) expect(what).toMatch(/^[\w/-]+@[0-9a-f]{40} # v\d+\.\d+\.\d+$/)
})
