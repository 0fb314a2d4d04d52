import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { fn, run, sleep, spawn } from '../../../src/core/index.ts'
import type { TestHost } from '../../../src/testing/index.ts'
import { it } from '../../support/it.ts'
import { compileText, load } from './load.ts'

type Main = (...args: unknown[]) => unknown

const green = (source: string, globals: Record<string, unknown> = {}): Main =>
  load(`exports.main = ${source}`, { globals })['main'] as unknown as Main

/** As the engine calls it: nothing uncompiled stands between. */
const called = (main: Main) => fn(main as (...args: unknown[]) => Generator<never, unknown, unknown>)

const wayOf = (source: string, name = 'f'): string | undefined =>
  compileText(source).functions.find((fn) => fn.name === name)?.way

const direct: Record<string, string> = {
  'straight lines': 'function f(a) { const b = leaf(a); let c = leaf(b) + b; c += leaf(c); return c }',
  branches: 'function f(a) { if (leaf(a)) return leaf(1); else if (a) leaf(2); return a ? leaf(3) : a && leaf(4) }',
  loops:
    'function f(n) { for (let i = 0; i < leaf(n); i++) leaf(i); while (leaf(n)) leaf(1); do leaf(n); while (leaf(0)) }',
  'for…of': 'function f(all) { for (const x of all) { if (leaf(x)) return x; if (x === 2) break } }',
  'a switch': 'function f(a) { switch (leaf(a)) { case 1: leaf(1); break; default: return leaf(2) } }',
  'try, catch and finally': 'function f(a) { try { leaf(a) } catch (e) { leaf(e) } finally { a++ } }',
  'closures over what does not change': 'function f(a) { const b = leaf(a); return leaf(() => a + b) }',
  'destructuring of what a call gives':
    'function f(a) { const { b, c = 1 } = leaf(a); const [d] = leaf(b); return leaf(c) + d }',
  'a getter that a pattern reads':
    'const o = { get f() { return leaf(1) } }, g = (a) => { const { f, b = 1 } = a; return f + b }',
  'patterns of objects as parameters': 'function f({ a, b: { c = 1 }, ...d }, { e } = {}) { return leaf(a, c, d, e) }',
  'patterns of lists as parameters': 'function f([a, , b = 1], ...[c]) { return leaf(a, b, c) }',
  'parameters with defaults': 'function f(a, b = {}, c = a.b, d = () => a, { e = [] } = c) { return leaf(b, c, d, e) }',
  'calls in the head of a for':
    'function f(a) { for (let b = leaf(a); b; b = leaf(b)) leaf(b); for (;; leaf(1)) leaf(2) }',
  'a logical assignment to a member': 'function f(a) { a.b ??= leaf(1); return (a.c ||= leaf(a)) }',
  'constructors of base classes':
    'class f { x = 1; constructor(a, { b } = {}) { this.a = leaf(a); if (b) return { b } } }',
  setters: 'const o = { set f(v) { leaf(v) } }',
  'optional chains': 'function f(a) { return a?.b(leaf(1))?.c?.[leaf(2)]?.(3) }',
  methods: 'const o = { f(a) { return this.g(leaf(a)) } }',
  'methods that use super': 'const o = { f(a) { return leaf(super.g(a)) } }',
  arrows: 'const f = (a) => leaf(a)',
  getters: 'const o = { get f() { return leaf(this.a) } }',
}
for (const [shape, source] of Object.entries(direct))
  test(`compiled the direct way: ${shape}`, () =>
    assert.equal(wayOf(source, source.startsWith('class') ? 'constructor' : 'f'), 'B'))

const others: Record<string, string> = {
  'a variable that changes and is captured': 'function f(a) { let n = 0; leaf(() => n++); return leaf(n) }',
  'a function that is there before what it uses':
    'function f(a) { leaf(g); const b = 1; function g() { return b } return leaf(g) }',
  'a finally that parks': 'function f(a) { try { a() } finally { leaf(a) } }',
  arguments: 'function f() { return leaf(arguments.length) }',
  'new.target': 'function f() { return leaf(new.target) }',
  'a direct eval': 'function f(a) { leaf(a); return eval("a") }',
  'a parameter that may park': 'function f(a = leaf(1)) { return leaf(a) }',
  'a parameter that uses one behind it': 'function f(a = () => b, b) { return leaf(a, b) }',
  'a parameter that uses itself': 'function f(a = a) { return leaf(a) }',
  'a parameter that uses what the body hides': 'function f(a = text) { let text = leaf(a); return text }',
  'a parameter that is declared again': 'function f(a, b = () => a) { var a = leaf(b); return a }',
  'an optional chain that is deleted': 'function f(a) { return delete a?.[leaf(1)] }',
  'a pattern as a parameter, and a function of that name': 'function f({ a }) { function a() {} return leaf(a) }',
  'a class within': 'function f(a) { class C {} leaf(a); return C }',
}
for (const [shape, source] of Object.entries(others))
  test(`compiled by way of a generator: ${shape}`, () => assert.equal(wayOf(source), 'A'))

test('a function with a name that the body of a generator cannot have is left as it was', () => {
  for (const source of [
    'function f(a) { yield: for (;;) { leaf(arguments); break yield } return a }',
    'function f(a) { function yield() { return a } leaf(arguments); return yield() }',
    'function f(yield) { leaf(arguments); return yield }',
  ]) {
    assert.equal(wayOf(source), 'untouched')
    assert.equal(load(`${source} exports.f = f`, { globals: { leaf: () => 0 } })['f']?.(1 as never), 1)
  }
})

test('a function that is compiled the direct way keeps its kind, name, length and lines', () => {
  const source = `exports.f = function f(a, b = 1,
  ...c) {
  return leaf(a)
}
const arrow = (a, b) => leaf(a)
exports.arrow = arrow
exports.object = { m(a) { return leaf(a) } }
`
  const { code } = compileText(source)
  assert.equal(code.split('\n').length, source.split('\n').length)
  const { f, arrow, object } = load(source) as unknown as Record<string, Main & { m: Main }>
  assert.deepEqual([f?.name, f?.length, typeof f?.prototype], ['f', 1, 'object'])
  assert.deepEqual([arrow?.name, arrow?.length, arrow?.prototype], ['arrow', 2, undefined])
  assert.deepEqual([object?.m.name, object?.m.length, object?.m.prototype], ['m', 1, undefined])
})

it('a pattern that is a parameter may run a getter that does not park', function* () {
  const main = green(
    `function main(idle) {
      const o = { get a() { return idle(1) }, get b() { return leaf(1) } }
      const f = ({ a }, { c = 2 } = {}) => leaf(a + c)
      const g = ([{ b }]) => leaf(b)
      try { g([o]) } catch (error) { return [f(o), error.name] }
    }`,
  )
  assert.deepEqual(yield* called(main)((x: unknown) => x), [3, 'NativeFrameError'])
})

it('a cancel of direct frames runs their finally blocks, innermost first, and no catch', function* (host: TestHost) {
  const log: string[] = []
  const main = green(
    `function main(log) {
      const inner = () => { try { try { sleep(1000) } catch ({ message }) { log.push(message) } finally { log.push('a') } } catch { log.push('never') } }
      function middle() { for (const x of inside()) try { inner() } catch (e) { log.push('never') } finally { log.push('b') } }
      function* inside() { try { yield 1 } finally { sleep(1); log.push('closed') } }
      try { return middle() } catch (e) { log.push('never') } finally { log.push('c') }
    }`,
  )
  const task = spawn(called(main)(log))
  yield* sleep(500)
  task.cancel()
  yield* sleep(500)
  assert.equal(task.outcome?.status, 'cancelled')
  assert.deepEqual(log, ['a', 'b', 'closed', 'c'])
  assert.ok(host.now() < 1100)
})

it('a finally that leaves by itself overrules a cancel, as it does that of a generator', function* () {
  const main = green(
    `function main() { for (let i = 0; i < 4; i++) { try { sleep(1000) } finally { if (i < 2) continue } } }`,
  )
  const task = spawn(called(main)())
  yield* sleep(500)
  task.cancel()
  yield* sleep(5000)
  assert.equal(task.outcome?.status, 'cancelled')
})

it('an error knows the lines of direct frames, also of those that were parked', async () => {
  const main = green(`function main() {
    function down(n) {
      if (n === 0) throw new Error(leaf('boo'))
      return down(n - 1) +
        1
    }
    const a = leaf(1)
    return (
      down(2))
  }`)
  const error = await run(main).then(
    () => null,
    (error: unknown) => error as Error,
  )
  assert.equal(error?.message, 'boo')
  const lines = [...(error?.stack ?? '').matchAll(/<anonymous>:(\d+):/g)].map(([, line]) => Number(line) - 2)
  assert.deepEqual(lines.slice(0, 4), [3, 4, 4, 9])
})

it('a constructor parks as a part of its class: made by new, by super, by Reflect, and again for a derived one', async () => {
  const main = green(`function main() {
    const log = [], note = (x) => (log.push(x), leaf(x))
    class A {
      #p = log.push('field'); q = note.name; static one = new A('static')
      constructor(x, y = 2, ...z) { this.x = note(x) + y + this.#p; for (const each of z) note(each); if (x === 'other') return leaf({ other: true }) }
    }
    class B { n = log.push('B'); constructor(x) { this.x = leaf(x); if (!x) throw new Error(leaf('no')) } m() { return leaf(this.x) } }
    class C extends B { c = log.push('C'); constructor(x) { super(leaf(x)); this.y = leaf(this.x) } }
    class D extends C { d = this.y }
    class E extends B {}
    const fails = (f) => { try { return f() } catch (e) { return e.message } }
    return [A.one.x, new A('a', undefined, 1, 2).x, new A('other').other, A.length, Reflect.construct(B, [3], C) instanceof C, new D(4).d, Object.keys(new D(5)), new E(6).m(), fails(() => new D(0)), fails(() => B(1)).slice(0, 19),
      [7, 8].map((x) => new B(x).x), Object.getOwnPropertyNames(B), Object.getOwnPropertyNames(B.prototype), B.name, log]
  }`)
  assert.equal(
    JSON.stringify(await run(main)),
    '["static21","a23",true,1,true,4,["n","x","c","y","d"],6,"no","Class constructor B",[7,8],["length","name","prototype"],["constructor","m"],"B",' +
      '["field","static","field","a",1,2,"field","other","B","B","C","B","C","B","B","B","B"]]',
  )
})

it('a constructor that is cancelled runs its finally blocks, and reports are told its name', function* () {
  const log: string[] = []
  const main = green(`function main(log) {
    class Slow { constructor() { try { sleep(1000) } catch { log.push('never') } finally { sleep(1); log.push('closed') } } }
    return new Slow()
  }`)
  const task = spawn(called(main)(log))
  yield* sleep(500)
  assert.ok(task.frames.includes('Slow'), task.frames.join())
  task.cancel()
  yield* sleep(500)
  assert.deepEqual([task.outcome?.status, log], ['cancelled', ['closed']])
})

it('what native code calls may not park, and loses nothing by being refused', async () => {
  const main = green(`function main() {
    const seen = []
    function slow(x) { leaf(x); return 'slow' }
    for (const x of [1, 2]) try { seen.push(JSON.stringify({ toJSON: () => slow(x) })) } catch (e) { seen.push(e.name, leaf(x)) }
    return seen
  }`)
  assert.deepEqual(await run(main), ['NativeFrameError', 1, 'NativeFrameError', 2])
})

it('a hundred frames stay as they are while the innermost parks again and again', function* () {
  const main = green(`function main(count) {
    function down(n) {
      if (n > 0) return down(n - 1)
      for (let i = 0; i < count; i++) sleep(1)
      return 'done'
    }
    return down(99)
  }`)
  const task = spawn(called(main)(50))
  yield* sleep(10.5)
  const before = task.frames
  yield* sleep(20)
  assert.deepEqual(task.frames, before)
  assert.equal(before.filter((name) => name === 'down').length, 100)
  assert.equal(yield* task, 'done')
})

it('a function that is called by new gives its object, also when it parked', async () => {
  const main = green(`function main() {
    function Point(x) { this.x = leaf(x); this.y = leaf(x) + 1 }
    function Other() { leaf(1); return { other: true } }
    const p = new Point(1)
    return [p.x, p.y, p instanceof Point, new Other().other]
  }`)
  assert.deepEqual(await run(main), [1, 2, true, true])
})
