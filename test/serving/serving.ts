/** What the tests of services have in common. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test as anyTest } from 'node:test'
import { type Body, FibrilError, fn, type Operation, run, sleep } from '../../src/index.ts'
import { type Service, type ServingOptions, serveAcross, type WorkerError } from '../../src/serving/index.ts'

export const program = new URL('./program.js', import.meta.url)
export const fibrilProgram = new URL('./fibril-program.js', import.meta.url)
export const scratch = mkdtempSync(join(tmpdir(), 'fibril-serving-'))
export const versionFile = join(scratch, 'version')
after(() => rmSync(scratch, { recursive: true }))

export const quick: ServingOptions = { workers: 2, signals: false, linger: 200, backoff: { baseMs: 1, maxMs: 20 } }

const notHere = process.platform === 'win32' ? 'no signals' : process.versions['bun'] !== undefined && 'not for Bun'
export const test = (title: string, body: () => Promise<void>): void => void anyTest(title, { skip: notHere }, body)

interface Started {
  readonly service: Service
  readonly errors: WorkerError[]
}

/** A test with a service, which is stopped at its end. What its workers die of is kept, and is to be none at the end. */
export function serving(
  title: string,
  options: ServingOptions,
  body: (started: Started) => Body<void>,
  module = program,
): void {
  test(title, async () => {
    await run(function* () {
      writeFileSync(versionFile, 'one')
      const errors: WorkerError[] = []
      const env = { VERSION_FILE: versionFile, ...options.env }
      const onError = (error: WorkerError): void => void errors.push(error)
      const service = yield* serveAcross(module, { ...quick, onError, ...options, env })
      try {
        yield* body({ service, errors })
      } finally {
        yield* service.stop({ grace: 200 })
      }
      assert.deepEqual(service.stats().workers, [])
      assert.deepEqual(errors.splice(0).map(String), [])
    })
  })
}

export const until = fn(function* (holds: () => boolean) {
  while (!holds()) yield* sleep(5)
})

export const failureOf = fn(function* (operation: Operation<unknown>) {
  try {
    yield* operation
  } catch (error) {
    assert.ok(FibrilError.is(error), String(error))
    return error
  }
  throw new Error('it did not fail')
})

export const pidsOf = (service: Service): number[] => service.stats().workers.map(({ pid }) => pid)

export function alive(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
