import assert from 'node:assert/strict'
import { type Body, sleep } from '../../../src/index.ts'
import { ConnectionPool, type PoolOptions } from '../../../src/net/index.ts'

/** A connection that can do nothing but be in a state. */
export class Fake {
  readonly id: number
  open = true
  /** Amid a request. */
  busy = false
  alive = true

  constructor(id: number) {
    this.id = id
  }

  /** A request, which only one task may be at. */
  *request(ms = 1): Body<number> {
    assert.ok(this.open, `connection ${this.id} is used after its close`)
    assert.ok(!this.busy, `connection ${this.id} is amid a request of somebody else`)
    this.busy = true
    yield* sleep(ms)
    this.busy = false
    return this.id
  }
}

/** Counts what is open, and holds the pool to its promise. */
export class FakeServer {
  readonly connections: Fake[] = []
  /** What the next connects fail with; a missing one succeeds. */
  readonly refusals: unknown[] = []
  /** When each connect began, on the clock of the pool. */
  readonly attempts: number[] = []
  connectMs = 0
  closeMs = 0
  private underWay = 0

  get open(): Fake[] {
    return this.connections.filter((each) => each.open)
  }

  pool(options: Partial<PoolOptions<Fake>> = {}, now: () => number = () => 0): ConnectionPool<Fake> {
    const { max = 10 } = options
    const server = this
    return new ConnectionPool<Fake>({
      *connect() {
        server.attempts.push(now())
        server.underWay++
        try {
          assert.ok(server.open.length + server.underWay <= max, 'no more than max')
          if (server.connectMs > 0) yield* sleep(server.connectMs)
          if (server.refusals.length > 0) throw server.refusals.shift()
          const made = new Fake(server.connections.length + 1)
          server.connections.push(made)
          return made
        } finally {
          server.underWay--
        }
      },
      *close(fake) {
        assert.ok(fake.open, `connection ${fake.id} is closed twice`)
        if (server.closeMs > 0) yield* sleep(server.closeMs)
        fake.open = false
      },
      ...options,
    })
  }
}
