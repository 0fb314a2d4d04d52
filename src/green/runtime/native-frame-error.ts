import { FibrilError } from '../../core/index.ts'

/**
 * A blocking call was reached through a function that cannot be suspended: a builtin that was given a callback, or code
 * that was not compiled. Nothing was started and nothing is lost: the error is thrown at the blocking call itself.
 */
export class NativeFrameError extends FibrilError {
  /** The function in the way; null for a getter, a Proxy's trap, `valueOf` and the like. */
  readonly function: unknown

  constructor(call: string, between: unknown) {
    super('FIBRIL_NATIVE_FRAME', messageOf(call, between))
    this.function = between
  }
}
Object.defineProperty(NativeFrameError.prototype, 'name', {
  value: 'NativeFrameError',
  configurable: true,
  writable: true,
})

const native = /\{\s*\[native code\]\s*\}\s*$/

function messageOf(call: string, between: unknown): string {
  const head = `${call}(…) cannot park here: `
  if (typeof between !== 'function')
    return `${head}it was reached by an implicit call (a getter, a Proxy's trap, valueOf, an iterator of native code), or from code that was not compiled. Take the blocking call out of it, and call it plainly.`
  const name = between.name || 'an anonymous function'
  if (native.test(Function.prototype.toString.call(between)))
    return `${head}the builtin ${name} stands between it and the task, and cannot be suspended. Do the blocking call before or after ${name}, or write the loop yourself.`
  return `${head}${name} stands between it and the task, and was not compiled. Compile the module that ${name} is in (--include), or do the blocking call outside of it.`
}
