import { strict as assert } from 'node:assert'
import { test } from 'node:test'
import { fn, run, sleep, spawn } from '../../../src/core/index.ts'
import { BodyPool, keeping } from '../../../src/green/runtime/body-pool.ts'
import { it } from '../../support/it.ts'
import { compileText, load } from './load.ts'

type Main = (...args: unknown[]) => unknown

const options = { onlyGenerators: true }

const green = (source: string): Main => load(`exports.main = ${source}`, options)['main'] as unknown as Main

const called = (main: Main) => fn(main as (...args: unknown[]) => Generator<never, unknown, unknown>)

const isReused = (source: string): boolean => compileText(source, options).code.includes('$enterAgain(')

const reused: Record<string, string> = {
  'a declaration': 'function f(a, b) { return leaf(a) + b }',
  'an expression with a name that it uses': 'leaf(function f(a) { return a && f(leaf(a)) })',
  'an arrow': 'const f = a => leaf(a)',
  'a method, which has a `this`': 'const o = { f(a) { return leaf(this.a) } }',
  'an arrow in a method': 'class C { f() { return () => leaf(this, arguments) } }',
  accessors: 'const o = { get f() { return leaf(1) } }',
  'patterns, defaults and a rest': 'function f({ a, b: [c] }, d = leaf(a), ...e) { return leaf(e) }',
  'a var that it alone uses': 'function f(a) { for (var b = 0; b < 2; b++) leaf(b); return b }',
  'arguments in strict code': '"use strict"; function f(a) { a = 2; return leaf(arguments) }',
  'a constructor': 'class C { x = 1; constructor(a) { this.a = leaf(a) } }',
  'functions in strict code': '"use strict"; function f(a) { function g() { return a } return leaf(g) }',
}
for (const [shape, source] of Object.entries(reused))
  test(`a generator that is used again: ${shape}`, () => assert.ok(isReused(source)))

const once: Record<string, string> = {
  'arguments in sloppy code': 'function f() { return leaf(arguments) }',
  'a direct eval': 'function f(a) { return eval("leaf(a)") }',
  'a derived constructor': 'class C extends Object { constructor(a) { super(leaf(a)) } }',
  'five parameters': 'function f(a, b, c, d, e) { return leaf(e) }',
  'a var that a function inside uses': 'function f(a) { var b = leaf(a); return () => b }',
  'a var of the name of a parameter': 'function f(a) { var a = leaf(a); return a }',
  'functions in sloppy code': 'function f(a) { { function g() { return a } } return leaf(g) }',
  'two functions of a name': '"use strict"; function f(a) { function g() {} function g() {} return leaf(g) }',
  'two parameters of a name': 'function f(a, a) { return leaf(a) }',
  'a default that gets its name from its parameter': 'function f(a = () => {}) { return leaf(a) }',
}
for (const [shape, source] of Object.entries(once))
  test(`a generator that is made for each call: ${shape}`, () => assert.ok(!isReused(source)))

it('each call has variables of its own, also for what was made in earlier ones', async () => {
  const main = green(`function main() {
    const made = []
    const f = (a, { b = a + 1 } = {}, ...rest) => {
      let c = a, later
      const d = rest.length
      made.push(() => [a, b, c++, d, later])
      if (a % 2) leaf(a)
      later = c
      return later
    }
    for (let i = 0; i < 4; i++) f(i, i === 3 ? { b: 9 } : undefined, ...[1, 2].slice(i))
    return [made.map((g) => g()), made.map((g) => g()[2])]
  }`)
  assert.deepEqual(await run(main), [
    [
      [0, 1, 0, 2, 0],
      [1, 2, 1, 1, 1],
      [2, 3, 2, 0, 2],
      [3, 9, 3, 0, 3],
    ],
    [1, 2, 3, 4],
  ])
})

it('a call finds nothing of the one before: no var, no result, no value before a declaration', async () => {
  const main = green(`function main() {
    const f = (a) => {
      if (a) { var b = a; try { return 'overruled' } finally { for (;;) { if (leaf(a)) break } } }
      return b
    }
    const g = (a) => { done: try { if (a) return leaf(a) } finally { if (a) break done } }
    const h = (a) => { if (a) { let b = () => c; try { return b() } catch (e) { leaf(1); return e.name } } const c = leaf(2); return c }
    return [f(1), f(0), f(2), f(0), g(1), g(0), h(0), h(1), h(0), h(1)]
  }`)
  const c = 'ReferenceError'
  assert.deepEqual(await run(main), ['overruled', undefined, 'overruled', undefined, undefined, undefined, 2, c, 2, c])
})

it('a `this` is that of the call: of an object, of a sloppy function, of an arrow, and of new', async () => {
  const main = green(`function main() {
    const o = { n: 1, m() { return leaf(this.n) + [1].map(() => this.n++)[0] }, arrow() { return (a) => leaf(this.n) + a } }
    const p = { n: 10, m: o.m }
    function sloppy() { return leaf(typeof this) }
    function F(n) { this.n = leaf(n); if (n === 0) return { other: true } }
    const arrow = o.arrow.call({ n: 100 })
    return [o.m(), p.m(), o.m(), sloppy.call(1), sloppy(), arrow(1), o.arrow()(2), new F(3).n, new F(0).other, new F(4) instanceof F]
  }`)
  assert.deepEqual(await run(main), [2, 20, 4, 'object', 'object', 101, 5, 3, true, true])
})

it('arguments, new.target and the object that is made are those of the call', async () => {
  const main = green(`function main() {
    'use strict'
    function f(a) { a = leaf(a + 1); const g = () => [...arguments, a]; return [arguments.length, g(), new.target?.name] }
    class A { x = leaf('x'); }
    class B { constructor(a) { this.args = [...arguments]; if (a > 1) leaf(a); this.target = new.target.name; if (a === 3) return { three: true } } }
    class C extends B { constructor(...all) { super(...all); this.c = leaf('c') } }
    const made = [new B(1), new B(2, 'b'), new B(3), new C(1), new C(4)]
    return [f(1), f(2, 'more'), Reflect.construct(f, [5]), made, new A().x, made[3] instanceof C]
  }`)
  assert.deepEqual(JSON.parse(JSON.stringify(await run(main))), [
    [1, [1, 2], null],
    [2, [2, 'more', 3], null],
    [1, [5, 6], 'f'],
    [
      { args: [1], target: 'B' },
      { args: [2, 'b'], target: 'B' },
      { three: true },
      { args: [1], target: 'C', c: 'c' },
      { args: [4], target: 'C', c: 'c' },
    ],
    'x',
    true,
  ])
})

it('a body that threw, or was left by a cancel, is not used again', function* () {
  const log: unknown[] = []
  const main = green(`function main(log) {
    const f = (a) => { try { if (a === 1) throw new Error('one'); if (a === 2) sleep(1000); return leaf(a) } finally { log.push(a) } }
    for (const a of [0, 1, 0, 2, 0]) try { log.push('=' + f(a)) } catch (error) { log.push(error.message) }
  }`)
  const task = spawn(called(main)(log))
  yield* sleep(500)
  task.cancel()
  yield* sleep(10)
  assert.deepEqual(log, [0, '=0', 1, 'one', 0, '=0', 2])
  log.length = 0
  yield* called(main)(log)
  assert.deepEqual(log, [0, '=0', 1, 'one', 0, '=0', 2, '=2', 0, '=0'])
})

it('a recursion deeper than what is kept, in tasks that take turns, mixes nothing up', async () => {
  const main = green(`function main(deep) {
    const down = (id, n) => { const here = [id, n]; if (n === 0) return leaf(0); const sum = down(id, n - 1) + (n % 50 === 0 ? leaf(1) : 1)
      if (here[0] !== id || here[1] !== n) throw new Error('mixed up'); return sum }
    const each = (id) => { let sum = 0; for (let i = 0; i < 20; i++) sum += down(id, deep - i); return sum }
    const tasks = [1, 2, 3, 4].map((id) => spawn(each, id))
    return tasks.map((task) => join(task))
  }`)
  const deep = keeping.atMost * 3
  const sum = 20 * deep - 190
  assert.deepEqual(await run(called(main)(deep)), [sum, sum, sum, sum])
})

test('of a function that is called now and then no body is kept, and of others so many', () => {
  const { after } = keeping
  keeping.after = 3
  try {
    const pool = new BodyPool(function* () {})
    for (let call = 0; call < 3; call++) pool.give(pool.take())
    assert.equal(pool.count, 0)
    const first = pool.take()
    pool.give(first)
    assert.equal(pool.take(), first)
    assert.notEqual(pool.take(), first)
    for (let n = 0; n < 2 * keeping.atMost; n++) pool.give(pool.make())
    assert.equal(pool.count, keeping.atMost)
    const taken = Array.from({ length: keeping.atMost + 1 }, () => pool.take())
    assert.equal(new Set(taken).size, keeping.atMost + 1)
    assert.equal(pool.count, 0)
  } finally {
    keeping.after = after
  }
})

test('a recursion of a hundred thousand calls that do not park gives what it should', () => {
  const source = '// @fibril parks\nexports.fib = function fib(n) { return n < 2 ? 1 : fib(n - 1) + fib(n - 2) + 1 }'
  assert.ok(isReused(source))
  assert.equal((load(source, options)['fib'] as unknown as Main)(24), 150_049)
})
