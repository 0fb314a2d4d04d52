import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { fixtureTree, root, runScript } from './fixture-tree.ts'

/** Runs one test file with the reporter that fails an empty run. */
function testRun(text: string, ...flags: string[]) {
  using tree = fixtureTree({ 'planted.test.js': `import { describe, it, test } from 'node:test'\n${text}` })
  const reporter = [
    '--test-reporter',
    join(root, 'scripts/fail-when-none-ran.mjs'),
    '--test-reporter-destination=stdout',
  ]
  const { NODE_TEST_CONTEXT: _, ...env } = process.env
  const { status, stdout } = spawnSync(
    process.execPath,
    ['--test', ...reporter, ...flags, join(tree.path, 'planted.test.js')],
    { encoding: 'utf8', env },
  )
  return { status, stdout: stdout.trim() }
}

describe('the test command', () => {
  it('fails when no file matches', () => {
    const { status, stderr } = runScript('test.mjs', ['no/such/test'])
    assert.equal(status, 1)
    assert.equal(stderr, 'No test file matches no/such/test\n')
  })

  it('runs the files whose path matches, and hands flags on', () => {
    const { status, stdout, stderr } = runScript('test.mjs', ['test/package/contents', '--test-name-pattern=no-such'])
    assert.equal(status, 1)
    assert.equal(stderr.trim(), 'No test ran.')
    assert.match(stdout, /ℹ tests [01]\n/)
  })

  it('passes when a test passed, and leaves the verdict on a failure to Node', () => {
    assert.deepEqual(testRun("test('one', () => {})"), { status: 0, stdout: '' })
    assert.deepEqual(testRun("describe('some', () => { it('one', () => {}) })"), { status: 0, stdout: '' })
    assert.deepEqual(testRun("test('one', () => { throw new Error() })"), { status: 1, stdout: '' })
  })

  for (const [what, text, ...flags] of [
    ['every test was skipped', "test.skip('one', () => {}); describe('some', () => { it.skip('two', () => {}) })"],
    ['the file holds no test', ''],
    ['a suite holds no test', "describe('some', () => {})"],
    ['no name matches', "test('one', () => {})", '--test-name-pattern=two'],
  ] as const) {
    it(`fails when ${what}`, () => {
      assert.deepEqual(testRun(text, ...flags), { status: 1, stdout: 'No test ran.' })
    })
  }
})
