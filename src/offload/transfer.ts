import type { Transferable } from 'node:worker_threads'

export type { Transferable }

const marks = new WeakMap<object, readonly Transferable[]>()
// Saves the look-up for the many programs that never transfer.
let used = false

/**
 * Marks `value` so that it takes `list` along instead of copying it, the next time that it is an argument or a result of a
 * call in a pool of threads. Returns `value`. What was transferred is gone here: an `ArrayBuffer` has length 0. Shared memory
 * is never copied and needs no transfer.
 *
 * Without a list, what `value` itself can give is taken: an `ArrayBuffer`, a `MessagePort`, or the buffer of a typed array.
 *
 * ```ts
 * import { ThreadPool, transfer } from 'fibril/offload'
 *
 * interface Work {
 *   invert(pixels: Uint8Array): Uint8Array
 * }
 * const module = 'data:text/javascript,export const invert = (pixels) => pixels.map((byte) => 255 - byte)'
 * await using pool = new ThreadPool<Work>(module)
 * const pixels = new Uint8Array([0, 1, 2])
 * const inverted = await pool.submit('invert', transfer(pixels))
 * console.log([...inverted].join(), pixels.length) // prints: 255,254,253 0
 * ```
 */
export function transfer<T extends object>(value: T, list?: readonly Transferable[]): T {
  used = true
  marks.set(value, list ?? ownTransferables(value))
  return value
}

function ownTransferables(value: object): Transferable[] {
  const memory = ArrayBuffer.isView(value) ? value.buffer : value
  return memory instanceof SharedArrayBuffer ? [] : [memory as Transferable]
}

/** @internal True if one of `values` is marked. The marks stay. */
export function isMarked(values: readonly unknown[]): boolean {
  return used && values.some((value) => typeof value === 'object' && value !== null && marks.has(value))
}

/** @internal Adds to `list` what `value` was marked to take along, and takes the mark away. */
export function collect(value: unknown, list: Transferable[]): void {
  if (!used || typeof value !== 'object' || value === null) return
  const found = marks.get(value)
  if (found === undefined) return
  marks.delete(value)
  list.push(...found)
}
