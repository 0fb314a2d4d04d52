import fs from 'node:fs'
import { run } from '../../src/green/index.ts'
import { byHand, waits } from './api-by-hand.ts'

/** A call: what is called, and with what. */
export type Attempt = readonly [callee: readonly [object, string], ...args: readonly unknown[]]

/** How a call ended, in plain data that two runs can be compared by. */
export type Ended = { readonly value: unknown } | { readonly error: unknown }

/** Makes the call here and now. */
export function callPlainly([[object, name], ...args]: Attempt): Ended {
  try {
    return { value: plain((object as Record<string, (...args: unknown[]) => unknown>)[name]?.(...args)) }
  } catch (error) {
    return { error: plain(error) }
  }
}

/** Makes the call in a green task. `waited` says whether it parked. */
export async function callInTask([callee, ...args]: Attempt): Promise<{ ended: Ended; waited: boolean }> {
  waits.length = 0
  // Not under a TestHost: node itself leaves a request behind where it refuses an argument.
  const ended = await run(
    byHand(function* (call): Generator<unknown, Ended, unknown> {
      try {
        return { value: plain(yield* call(callee, ...args)) }
      } catch (error) {
        return { error: plain(error) }
      }
    }),
  )
  return { ended, waited: waits.length > 0 }
}

/** Without what differs from run to run. */
function plain(value: unknown): unknown {
  if (value instanceof Error) {
    const { stack, ...rest } = Object.fromEntries(
      Reflect.ownKeys(value).map((key) => [key, (value as unknown as Record<PropertyKey, unknown>)[key]]),
    )
    const own = Object.fromEntries(
      Object.entries(rest).map(([key, part]) => [key, part === value ? 'itself' : plain(part)]),
    )
    return { ...own, pid: typeof own['pid'], name: value.name, constructor: value.constructor.name }
  }
  if (value instanceof fs.Stats || value?.constructor?.name === 'StatFs') {
    const { mode, size, nlink, uid, gid, type, bsize } = value as fs.Stats & fs.StatsFs
    return { kind: value.constructor.name, mode, size, nlink, uid, gid, type, bsize }
  }
  if (value instanceof fs.Dirent) return [value.name, value.parentPath, value.isDirectory(), value.isSymbolicLink()]
  if (value instanceof fs.Dir) {
    value.closeSync()
    return ['Dir', value.path]
  }
  if (ArrayBuffer.isView(value) || value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map(plain)
  if (Object.getPrototypeOf(value) !== Object.prototype && Object.getPrototypeOf(value) !== null) return value
  const own = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, plain(part)]))
  return 'pid' in own ? { ...own, pid: own['pid'] === 0 ? 0 : typeof own['pid'] } : own
}
