import assert from 'node:assert/strict'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { BrokenError, fn, sleep, spawn, TimeoutError, timeout } from '../../src/core/index.ts'
import type { Net } from '../../src/net/index.ts'
import { ExploreError, explore, SimNetwork, TestHost } from '../../src/testing/index.ts'

// A seed in the environment would replace the seeds whose effects are looked at here.
const { SEED } = process.env
beforeEach(() => {
  delete process.env['SEED']
})
afterEach(() => {
  if (SEED !== undefined) process.env['SEED'] = SEED
})

/** An account in a service, to which each line is a deposit with an id. */
class Account {
  balance = 0
  private readonly seen = new Set<string>()
  private readonly once: boolean

  /** `once`: a deposit that comes again is known by its id. */
  constructor(once: boolean) {
    this.once = once
  }

  deposit(id: string): void {
    if (this.once && this.seen.has(id)) return
    this.seen.add(id)
    this.balance++
  }
}

/** Code under test: a client that tries again, on a new connection, until it has an answer. */
const deposit = fn(function* (net: Net, id: string) {
  const attempt = fn(function* () {
    using connection = yield* net.connect({ host: 'bank', port: 80 })
    yield* connection.write(`${id}\n`)
    if ((yield* connection.readLine()) === null) throw new BrokenError('the bank hung up')
  })
  for (;;) {
    try {
      return yield* timeout(200, attempt())
    } catch (error) {
      if (!(error instanceof TimeoutError) && !(error instanceof BrokenError)) throw error
      yield* sleep(50)
    }
  }
})

/** Three deposits; amid them the network fails in a way that depends on the program. */
const program = (once: boolean, trouble: boolean) =>
  function* () {
    const network = new SimNetwork({ latencyMs: 5, jitterMs: 15 })
    const [bank, client] = [network.host('bank'), network.host('client')]
    const account = new Account(once)
    const serving = spawn(
      bank.serve(
        function* (connection) {
          for (let id: string | null; (id = yield* connection.readLine()) !== null; ) {
            account.deposit(id)
            yield* connection.write('done\n')
          }
        },
        { port: 80 },
      ),
    )
    if (trouble) {
      spawn(function* () {
        yield* sleep(200)
        network.partition([client], [bank])
        yield* sleep(500)
        network.heal()
      })
    }
    for (let i = 1; i <= 10; i++) yield* deposit(client, `deposit ${i}`)
    yield* sleep(1000)
    serving.cancel()
    if (account.balance !== 10) throw new Error(`${account.balance} deposits in place of 10\n${network.log.join('\n')}`)
  }

describe('explore over a simulated network', () => {
  it('finds a deposit that is applied twice, which takes a partition and a retry, and replays it', async () => {
    const runs = 100
    await explore(program(false, false), { runs, seed: 1 })
    await explore(program(true, true), { runs, seed: 1 })
    for (let seed = 1; seed <= 5; seed++) {
      const error: unknown = await explore(program(false, true), { runs, seed }).catch((error: unknown) => error)
      assert.ok(error instanceof ExploreError)
      const failure = error.cause as Error
      assert.match(failure.message, /^11 deposits in place of 10\n/)

      // In another process, somebody has set SEED.
      process.env['SEED'] = String(error.seed)
      const again = await explore(program(false, true)).catch((error: unknown) => error)
      const host = new TestHost().run(program(false, true))
      delete process.env['SEED']
      assert.equal(((again as ExploreError).cause as Error).message, failure.message)
      await assert.rejects(host, { message: failure.message })
    }
  })
})
