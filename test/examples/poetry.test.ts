import assert from 'node:assert/strict'
import { engines } from '../../examples/poetry/byronification.ts'
import type { Address, Errand } from '../../examples/poetry/errand.ts'
import { readPoemsNaively, readPoems as readWithCallbacks } from '../../examples/poetry/with-callbacks.ts'
import { readPoems as readWithDeferreds } from '../../examples/poetry/with-deferreds.ts'
import { readPoems as readWithInlineCallbacks } from '../../examples/poetry/with-inline-callbacks.ts'
import { readPoems as readWithTasks } from '../../examples/poetry/with-tasks.ts'
import { drip } from '../../examples/poetry-server/drip.ts'
import { type Body, Future, fn, type Operation, sleep, spawn, timeoutOr } from '../../src/core/index.ts'
import type { Connection, Handler } from '../../src/net/index.ts'
import { SimNetwork, type TestHost } from '../../src/testing/index.ts'
import { Reactor } from '../../src/twisted/index.ts'
import { it } from '../support/it.ts'
import { LoggedErrors } from '../twisted/logged-errors.ts'

type Style = (errand: Errand, reactor: Reactor) => Operation<void>

const called = (read: typeof readWithCallbacks): Style =>
  fn(function* (errand, reactor): Body<void> {
    const done = new Future<void>('poems')
    read(errand, reactor, () => done.resolve())
    yield* done.wait()
  })
const styles: Readonly<Record<string, Style>> = {
  'raw callbacks': called(readWithCallbacks),
  Deferreds: fn(function* (errand, reactor): Body<void> {
    yield* readWithDeferreds(errand, reactor)
  }),
  inlineCallbacks: fn(function* (errand, reactor): Body<void> {
    yield* readWithInlineCallbacks(errand, reactor)
  }),
  tasks: (errand) => readWithTasks(errand),
}

const poem = 'I never saw a Moor,\nI never saw the Sea;\n'
const styled = 'I ne’er saw a Moor,\nI ne’er saw th’ Sea;\n'

interface Report {
  /** What the user was told, in order. */
  readonly told: string[]
  /** When, in virtual milliseconds. */
  readonly times: number[]
}

/** A client at one host, and what serves at the ports of another. A port for which there is nothing is refused. */
const read = fn(function* (
  host: TestHost,
  style: Style,
  handlers: readonly (Handler<Connection> | null)[],
  byronificate: Errand['byronificate'] = engines.byron,
): Body<Report> {
  const network = new SimNetwork({ latencyMs: 1 })
  const [here, there] = [network.host('reader'), network.host('poet')]
  const report: Report = { told: [], times: [] }
  const tell = ({ port }: Address, what: string): void => {
    report.told.push(`${port} ${what}`)
    report.times.push(host.now())
  }
  const servers = []
  for (const [port, handler] of handlers.entries()) {
    if (handler === null) continue
    const server = yield* there.listen({ port: port + 1 })
    spawn(server.serve(handler))
    servers.push(server)
  }
  try {
    const errand: Errand = {
      addresses: handlers.map((_, port) => ({ host: 'poet', port: port + 1 })),
      byronificate,
      tell: { poem: tell, failed: (address) => tell(address, 'failed') },
      timeoutMs: 10_000,
      net: here,
    }
    yield* style(errand, new Reactor({ net: here }))
  } finally {
    for (const server of servers) yield* server.stop({ grace: 0 })
  }
  return report
})

const dripping =
  (bytes: number, ms: number): Handler<Connection> =>
  (reader) =>
    drip(reader, Buffer.from(poem), { bytes, ms })
const atOnce = dripping(1000, 0)
const resetting: Handler<Connection> = fn(function* (reader: Connection): Body<void> {
  yield* reader.write('I never saw a')
  yield* sleep(5)
  reader.reset()
})
const silent: Handler<Connection> = fn(function* (reader: Connection): Body<void> {
  yield* reader.write('I never ')
  yield* sleep(1_000_000)
})

for (const [name, style] of Object.entries(styles)) {
  it.many(`${name}: a poem that has come is told in the style of Lord Byron`, function* (host) {
    assert.deepEqual((yield* read(host, style, [atOnce])).told, [`1 ${styled}`])
  })

  it.many(`${name}: a poem that drips comes whole, however slow`, function* (host) {
    assert.deepEqual((yield* read(host, style, [dripping(1, 100)])).told, [`1 ${styled}`])
  })

  it.many(`${name}: where nobody serves, the download has failed`, function* (host) {
    assert.deepEqual((yield* read(host, style, [null])).told, ['1 failed'])
  })

  it.many(`${name}: half a poem is none: the download has failed`, function* (host) {
    assert.deepEqual((yield* read(host, style, [resetting])).told, ['1 failed'])
  })

  it.many(`${name}: a poem without words is none`, function* (host) {
    assert.deepEqual((yield* read(host, style, [() => undefined])).told, ['1 failed'])
  })

  it.many(`${name}: a server that never ends does not keep the program from ending`, function* (host) {
    const { told, times } = yield* read(host, style, [silent])
    assert.deepEqual([told, times.every((ms) => ms >= 10_000 && ms < 11_000)], [['1 failed'], true])
  })

  it.many(`${name}: gibberish is a download that has failed`, function* (host) {
    assert.deepEqual((yield* read(host, style, [atOnce], engines.gibberish)).told, ['1 failed'])
  })

  it.many(`${name}: of any other error of the engine there is the original poem`, function* (host) {
    assert.deepEqual((yield* read(host, style, [atOnce], engines.buggy)).told, [`1 ${poem}`])
  })

  it.many(
    `${name}: several come at once, in the time of the slowest, and none keeps another from coming`,
    function* (host) {
      const handlers = [dripping(1, 50), null, dripping(10, 50), resetting, dripping(1, 100), silent]
      const { told, times } = yield* read(host, style, handlers)
      const outcomes = told.toSorted()
      assert.deepEqual(outcomes, [`1 ${styled}`, '2 failed', `3 ${styled}`, '4 failed', `5 ${styled}`, '6 failed'])
      assert.ok(times.at(-1)! < 11_000)
    },
  )

  it.many(`${name}: without poems to read it is done at once`, function* (host) {
    assert.deepEqual((yield* read(host, style, [])).told, [])
  })
}

it('raw callbacks, naively: what the engine throws ends up in the log, the user hears nothing, and it never ends', function* (host) {
  using logged = new LoggedErrors()
  let ended = true
  const naive = called(readPoemsNaively)
  const patient: Style = fn(function* (errand, reactor): Body<void> {
    ended = (yield* timeoutOr(1_000_000, false, endOf(naive(errand, reactor)))) !== false
  })
  const { told } = yield* read(host, patient, [atOnce], engines.gibberish)
  assert.deepEqual([told, ended], [[], false])
  assert.match(logged.take().join(), /characters of nonsense/)
})

const endOf = fn(function* (operation: Operation<void>): Body<true> {
  yield* operation
  return true
})

it('raw callbacks, naively: while the engine works, nothing is wrong with them', function* (host) {
  assert.deepEqual((yield* read(host, called(readPoemsNaively), [atOnce, null])).told.toSorted(), [
    `1 ${styled}`,
    '2 failed',
  ])
})
