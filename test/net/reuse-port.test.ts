import assert from 'node:assert/strict'
import { test } from 'node:test'
import { UsageError } from '../../src/core/index.ts'
import { serveHttp } from '../../src/net/http/index.ts'
import { listen } from '../../src/net/index.ts'
import { knowsReusePort } from '../../src/net/reuse-port.ts'
import { it } from '../support/it.ts'

const knows = knowsReusePort(process.versions.node)

test('what knows how to reuse a port is known by its version', () => {
  const versions = ['18.20.8', '20.20.2', '22.11.0', '22.12.0', '22.20.1', '23.0.0', '23.1.0', '24.0.0', '26.1.0']
  assert.deepEqual(versions.filter(knowsReusePort), ['22.12.0', '22.20.1', '23.1.0', '24.0.0', '26.1.0'])
})

test('where it is not known, it is refused', { skip: knows && 'it is known here' }, async () => {
  const refused = (error: unknown): boolean =>
    error instanceof UsageError && /reusePort needs Node 22\.12 or 23\.1, and this is/.test(error.message)
  assert.throws(() => listen({ port: 0, reusePort: true }), refused)
  await assert.rejects(async () => await serveHttp(() => {}, { port: 0, reusePort: true }), refused)
})

it(
  'two who say so listen on one port, and a third who does not cannot',
  function* () {
    using first = yield* listen({ port: 0, reusePort: true })
    using second = yield* listen({ port: first.port, reusePort: true })
    assert.equal(second.port, first.port)
    try {
      yield* listen({ port: first.port })
      assert.fail('it listens')
    } catch (error) {
      assert.equal((error as { systemCode?: unknown }).systemCode, 'EADDRINUSE')
    }
  },
  { skip: (!knows || process.platform !== 'linux') && 'not here' },
)
