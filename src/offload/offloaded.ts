/** What the workers of `offload` run: functions that come as text. */

type Compiled = (...args: unknown[]) => unknown

/** More are hardly worth keeping. */
const KEPT = 1000
const compiled = new Map<string, Compiled>()

/** Calls the function that this expression is. */
export function call(expression: string, ...args: unknown[]): unknown {
  let found = compiled.get(expression)
  if (found === undefined) {
    found = new Function(`return ${expression}`)() as Compiled
    if (compiled.size === KEPT) compiled.clear()
    compiled.set(expression, found)
  }
  try {
    const value = found(...args)
    return value instanceof Promise ? value.catch(explain) : value
  } catch (error) {
    return explain(error)
  }
}

function explain(error: unknown): never {
  if (error instanceof ReferenceError) {
    const { message, stack = '' } = error
    error.message = `${message}: an offloaded function sees nothing that is around it. Pass it as an argument, or import() it`
    error.stack = stack.replace(message, error.message)
  }
  throw error
}
