import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { describe, it as plainTest } from 'node:test'
import { fileURLToPath } from 'node:url'
import { sleep } from '../../src/core/index.ts'
import { TestHost } from '../../src/testing/index.ts'
import { it } from '../support/it.ts'

const file = fileURLToPath(new URL('./failing-tests.js', import.meta.url))

function runFailingTests(environment: Record<string, string> = {}): string {
  const { NODE_TEST_CONTEXT: _, SEED: __, ...env } = process.env
  const args = process.versions['bun'] ? ['test', file] : ['--test', '--test-reporter=spec', file]
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', env: { ...env, ...environment } })
  return stdout + stderr
}

describe('it', () => {
  const hosts = new Set<TestHost>()

  it('runs a generator under a virtual clock', function* (host) {
    hosts.add(host)
    yield* sleep(1e9)
    assert.equal(host.now(), 1e9)
  })

  it('runs an async function', async (host) => {
    hosts.add(host)
    await sleep(1e9)
    assert.equal(host.now(), 1e9)
  })

  it(
    'runs a plain function, with options for the host',
    (host) => {
      hosts.add(host)
      assert.equal(host.seed, 5)
    },
    { seed: 5 },
  )

  plainTest('makes a host for each', () => {
    assert.equal(hosts.size, 3)
    for (const host of hosts) assert.ok(host instanceof TestHost)
  })

  const seeds: number[] = []
  it.many(
    'runs many schedules',
    function* (host) {
      seeds.push(host.seed)
      yield* sleep(1)
    },
    { seeds: 7 },
  )

  plainTest('that differ, the natural one first', () => {
    if (process.env['SEED']) return assert.deepEqual(seeds, [Number(process.env['SEED'])])
    assert.equal(seeds.length, 7)
    assert.equal(new Set(seeds).size, 7)
    assert.equal(seeds[0], 0)
  })

  let output = ''

  plainTest('fails on leaks, warnings and lost failures, and in none but the guilty test', () => {
    output = runFailingTests()
    assert.match(
      output,
      /the test ended and left 1 thing behind:\s+task: task forgotten #\d+ \(parked: 1000 ms to pass\)/,
    )
    assert.match(output, /the run gave 1 warning:\s+mended/)
    assert.match(output, /failed and nobody was waiting for it: Error: lost/)
    assert.match(output, process.versions['bun'] ? /5 fail/ : /fail 5/)
    assert.match(output, process.versions['bun'] ? /1 pass/ : /pass 1/)
  })

  plainTest('tells the seed of a failure, which replays it', () => {
    const [, order, seed] = /the order was (\w+) under (\d+)/.exec(output) ?? []
    assert.ok(order !== undefined && seed !== undefined)
    const replay = runFailingTests({ SEED: seed })
    assert.ok(replay.includes(`the order was ${order} under ${seed}`))
    assert.ok(replay.includes(process.versions['bun'] ? `SEED: ${seed}` : `SEED=${seed} replays this schedule`))
  })

  plainTest('tells the seed of one of many, which fails again', () => {
    const [, seed] = /run \d+ of 20 failed, with seed (\d+)/.exec(output) ?? []
    assert.ok(seed !== undefined)
    assert.match(runFailingTests({ SEED: seed }), new RegExp(`run 1 of 1 failed, with seed ${seed}`))
  })
})
