/**
 * Which functions may stand between a call that parks and the engine. Asked only where something parks, so functions need
 * no property of their own: what the compiler made ends in a mark, and what it left alone cannot end so. In a bundle the mark
 * is a legal comment, which is kept where code is printed anew.
 */
const toText = Function.prototype.toString
const mark = '/*~*/}'
const bundled = /\/\*!\*\/\s*\}$/
const known = new WeakSet<object>()

/** True if `value` is a compiled function, or one of the runtime's own that parks. */
export function parks(value: unknown): boolean {
  if (typeof value !== 'function') return false
  if (known.has(value)) return true
  const text = toText.call(value)
  if (!text.endsWith(mark) && !bundled.test(text.slice(-200))) return false
  known.add(value)
  return true
}

/** `fn.bind(self)`; it can be suspended if `fn` can, for it goes straight on to that. */
export function bound<F extends (...args: never[]) => unknown>(fn: F, self: unknown): F {
  const made = Function.prototype.bind.call(fn, self) as F
  return parks(fn) ? declareParking(made) : made
}

/** Says of a function of the runtime that it takes announcements as compiled code does. */
export function declareParking<F extends object>(value: F): F {
  known.add(value)
  return value
}
