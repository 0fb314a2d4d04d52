import assert from 'node:assert/strict'
import { type TestContext, test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { folderWith, node } from '../green/load/program.ts'

/** What a command printed, and its exit code. */
export interface Said {
  readonly stdout: string
  readonly stderr: string
  readonly code: number
}

type Cases = readonly (readonly [args: readonly string[], message: string | RegExp])[]

/**
 * A test for each command: its arguments, and what is to be said of them. One process runs them all: the start of one takes a
 * hundred times as long as an answer. `files`: what there is in the folder that they are run in.
 */
export function wrongCommands(
  before: readonly string[],
  cases: Cases,
  files: Readonly<Record<string, string>> = {},
): void {
  let answers: Promise<readonly Said[]> | undefined
  for (const [i, [args, message]] of cases.entries()) {
    const title = ['fibril', ...before, ...args].join(' ')
    test(`a wrong command is said, with exit code 2: ${title}`, async (t) => {
      answers ??= sayAll(t, before, cases, files)
      const { stdout, stderr, code } = (await answers)[i] as Said
      assert.deepEqual([stdout, code], ['', 2])
      const said = /^fibril: (.*)\nSee fibril --help\n$/.exec(stderr)?.[1] ?? stderr
      if (typeof message === 'string') assert.equal(said, message)
      else assert.match(said, message)
    })
  }
}

const sayer = fileURLToPath(new URL('./say-all.js', import.meta.url))

async function sayAll(
  t: TestContext,
  before: readonly string[],
  cases: Cases,
  files: Readonly<Record<string, string>>,
): Promise<readonly Said[]> {
  const commands = cases.map(([args]) => [...before, ...args])
  const { stdout, stderr } = await node([sayer, JSON.stringify(commands)], { cwd: folderWith(t, files) })
  assert.equal(stderr, '')
  return JSON.parse(stdout) as Said[]
}
