/**
 * Which functions may stand between a call that parks and the engine. Asked only where something parks, so functions need
 * no property of their own, and none is paid for when a closure is made: a compiled function is known by its *head*. Before
 * anything else it takes the announcement (state.ts), which reads `state.next` and puts 0 there; nothing but a compiled
 * function begins so. Minifiers and bundlers may give `state` another name, drop braces and `return`, and reach it through
 * an object: the head is still the same two steps. Classes, whose text begins with anything, are declared.
 */
const toText = Function.prototype.toString
const known = new WeakSet<object>()

/** What the text of a method may begin with, so that the parameters come next: its quoted or computed name. */
const key = /^(?:(?:get|set)\b(?:\s|\/\*[\s\S]*?\*\/|\/\/.*)*)?(?:"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|(?=\[))/
const bracket = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`(?:\\.|[^`\\])*`|\/\*[\s\S]*?\*\/|\/\/.*|[[\]]/g

// Up to `state.next` no other function begins: there is no brace but those of plain patterns and the body's own, and no arrow.
const string = /"(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*'|`[^`{]*`/.source
const inert = `[^(){}"'\`]|${string}`
const head = new RegExp(
  `^(?:[^(){}=]*\\((?:${inert}|\\{(?:${inert})*\\})*\\)\\s*(?:=>)?|[\\w$]+\\s*=>)\\s*\\{?([^{}]*)$`,
)
/** Comments, and what may look as if it had some. */
const comments = new RegExp(`${string}|/\\*[^]*?\\*/|//.*`, 'g')
const begins = /=>|\b(?:function|class)\b/
const takes = /^\.next\s*[,;][^{}]*?\.next\s*=\s*0\b/

/** True if `value` is a compiled function, or one of the runtime's own that parks. */
export function parks(value: unknown): boolean {
  if (typeof value !== 'function') return false
  if (known.has(value)) return true
  const text = toText.call(value)
  if (!takesFirst(text) && !takesFirst(withoutKey(text))) return false
  known.add(value)
  return true
}

/** `fn.bind(self)`; it can be suspended if `fn` can, for it goes straight on to that. */
export function bound<F extends (...args: never[]) => unknown>(fn: F, self: unknown): F {
  const made = Function.prototype.bind.call(fn, self) as F
  return parks(fn) ? declareParking(made) : made
}

/** Says of a function of the runtime that it takes announcements as compiled code does, or of a class that it was compiled. */
export function declareParking<F extends object>(value: F): F {
  known.add(value)
  return value
}

function takesFirst(text: string): boolean {
  const at = text.indexOf('.next')
  if (at < 0) return false
  const before = head.exec(text.slice(0, at).replace(comments, (found) => (found[0] === '/' ? ' ' : found)))
  return before !== null && !begins.test(before[1] as string) && takes.test(text.slice(at, at + 1000))
}

/** The text of a method from behind its quoted or computed name; of any other function, all of it. */
export function withoutKey(text: string): string {
  const [before] = key.exec(text) ?? ['']
  if (text[before.length] !== '[') return text.slice(before.length)
  let depth = 0
  bracket.lastIndex = before.length
  for (let found = bracket.exec(text); found !== null; found = bracket.exec(text)) {
    if (found[0] === '[') depth++
    else if (found[0] === ']' && --depth === 0) break
  }
  return text.slice(bracket.lastIndex)
}
