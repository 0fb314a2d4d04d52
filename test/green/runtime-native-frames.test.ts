import { strict as assert } from 'node:assert'
import { run } from '../../src/core/index.ts'
import { NativeFrameError } from '../../src/green/runtime/index.ts'
import { it } from '../support/it.ts'
import { load } from './compile/load.ts'

/** Each body makes a blocking call under something that cannot be suspended, and gives what it caught. */
const cases: Record<string, { readonly body: string; readonly named: RegExp }> = {
  'a builtin that has no twin': {
    body: 'const a = [{ toLocaleString() { sleep(1) } }]; try { a.toLocaleString() } catch (e) { return e }',
    named: /builtin toLocaleString/,
  },
  'toJSON under JSON.stringify': {
    body: 'try { JSON.stringify({ toJSON() { sleep(1) } }) } catch (e) { return e }',
    named: /cannot park here/,
  },
  'a getter that native code reads': {
    body: 'try { Object.assign({}, { get x() { sleep(1) } }) } catch (e) { return e }',
    named: /cannot park here/,
  },
  'a getter whose name is computed, and that is read by another name': {
    body: 'const o = { get [String("x")]() { sleep(1); return 1 } }; try { return o.x } catch (e) { return e }',
    named: /cannot park here/,
  },
  'a setter that native code calls': {
    body: 'try { Object.assign({ set x(v) { sleep(1) } }, { x: 1 }) } catch (e) { return e }',
    named: /cannot park here/,
  },
  'a setter that is written by a pattern': {
    body: 'const o = { set x(v) { sleep(1) } }; try { [o.x] = [1] } catch (e) { return e }',
    named: /cannot park here/,
  },
  'a setter that is written by way of super': {
    body: 'const o = { set x(v) { sleep(1) } }, p = { __proto__: o, m() { super.x = 1 } }; try { p.m() } catch (e) { return e }',
    named: /cannot park here/,
  },
  'a getter that is read by way of super': {
    body: 'const o = { get x() { sleep(1) } }, p = { __proto__: o, m() { return super.x } }; try { p.m() } catch (e) { return e }',
    named: /cannot park here/,
  },
  'a getter of another module': {
    body: 'try { return elsewhere.x } catch (e) { return e }',
    named: /cannot park here/,
  },
  'a setter of another module': {
    body: 'try { elsewhere.x = 1 } catch (e) { return e }',
    named: /cannot park here/,
  },
  'a getter that is taken by a pattern within a pattern': {
    body: 'const o = { get x() { sleep(1) } }; try { const { o: { x } } = { o } } catch (e) { return e }',
    named: /cannot park here/,
  },
  'a setter that is the variable of a loop': {
    body: 'const o = { set x(v) { sleep(1) } }; try { for (o.x of [1]); } catch (e) { return e }',
    named: /cannot park here/,
  },
  'a generator that a pattern within a pattern takes': {
    body: 'function* g() { yield leaf(1) } try { const [[a]] = [g()]; return a } catch (e) { return e }',
    named: /cannot park here/,
  },
  'a builtin that is called by a computed name': {
    body: 'const way = "map"; try { return [1][way]((x) => leaf(x)) } catch (e) { return e }',
    named: /builtin map stands between/,
  },
  'a function that uses with': {
    body: 'function f(o) { with (o) { leaf(1) } } try { return f({}) } catch (e) { return e }',
    named: /f stands between/,
  },
  'a function that uses arguments.callee': {
    body: 'function f() { leaf(arguments.callee.length) } try { return f() } catch (e) { return e }',
    named: /f stands between/,
  },
  'a method that uses a direct eval': {
    body: 'const o = { m() { eval("1"); leaf(1) } }; try { return o.m() } catch (e) { return e }',
    named: /stands between it and the task, and was not compiled/,
  },
  'a function of which a comment says that it never parks': {
    body: `// @fibril never-parks
      function never() { leaf(1) }
      try { return never() } catch (e) { return e }`,
    named: /stands between it and the task, and was not compiled/,
  },
  'the disposal of what such a function uses': {
    body: `// @fibril never-parks
      function never() { using a = { [Symbol.dispose]() { leaf(1) } } }
      try { return never() } catch (e) { return e }`,
    named: /stands between it and the task, and was not compiled/,
  },
  'a computed member of what is called, that is a getter': {
    body: 'const o = { get x() { sleep(1); return leaf } }; try { return o[String("x")](1) } catch (e) { return e }',
    named: /cannot park here/,
  },
  'an arrow that uses a direct eval': {
    body: 'const f = () => { eval("1"); leaf(1) }; try { return f() } catch (e) { return e }',
    named: /stands between it and the task, and was not compiled/,
  },
  'super in an arrow of a constructor': {
    body: `class A { constructor() { leaf(1) } } class B extends A { constructor() { (() => super())() } }
      try { return new B() } catch (e) { return e }`,
    named: /cannot park here/,
  },
  'the executor of a promise': {
    body: 'let e; new Promise(() => { try { leaf(1) } catch (caught) { e = caught } }); return e',
    named: /cannot park here/,
  },
  'the trap of a Proxy': {
    body: 'const p = new Proxy({}, { get() { sleep(1); return 1 } }); try { return p.x } catch (e) { return e }',
    named: /cannot park here/,
  },
  valueOf: {
    body: 'const o = { valueOf() { sleep(1); return 1 } }; try { return o + 1 } catch (e) { return e }',
    named: /cannot park here/,
  },
  'a function that was not compiled': {
    body: 'try { return uncompiled(() => sleep(1)) } catch (e) { return e }',
    named: /uncompiled stands between/,
  },
  'a function that was not compiled, after a call that was harmless': {
    body: 'sleep(1); leaf(2); try { return uncompiled(() => leaf(1)) } catch (e) { return e }',
    named: /uncompiled stands between/,
  },
  'a getter right after a call of a class without new': {
    body: `class C { constructor() { sleep(1) } } const o = { get [String("x")]() { sleep(1); return 1 } }
      try { C() } catch {} try { return o.x } catch (e) { return e }`,
    named: /cannot park here/,
  },
  'a generator that native code runs': {
    body: 'function* g() { yield leaf(1) } const it = g(); try { return new Set(it) } catch (e) { return e }',
    named: /cannot park here/,
  },
  'a generator that was started by compiled code, and is resumed by native code': {
    body: 'function* g() { yield leaf(1); yield leaf(2) } const it = g(); it.next(); try { return new Set(it) } catch (e) { return e }',
    named: /cannot park here/,
  },
  'a callback of a promise that is called at once': {
    body: 'try { return uncompiled(() => [1].map(() => leaf(1))) } catch (e) { return e }',
    named: /uncompiled stands between/,
  },
  'a field whose name is computed, of a class whose constructor is compiled': {
    body: `const slow = () => sleep(1)
      class C { [String('f')] = slow(); constructor() { sleep(1) } } try { return new C() } catch (e) { return e }`,
    named: /cannot park here/,
  },
  'a field whose name is computed': {
    body: 'class C { [String("f")] = sleep(1) } try { return new C() } catch (e) { return e }',
    named: /cannot park here/,
  },
  'a static field whose name is computed': {
    body: 'try { class C { static [String("f")] = sleep(1) } } catch (e) { return e }',
    named: /cannot park here/,
  },
}

const ways = [
  ['', {}],
  [', by generators only', { onlyGenerators: true }],
  [', where every call parks', { stress: true }],
] as const

for (const [title, { body, named }] of Object.entries(cases))
  for (const [way, options] of ways)
    it(`a blocking call is refused, and the task goes on, under ${title}${way}`, async () => {
      const source = `exports.main = function main() {
      const kept = [1], before = leaf(4)
      const caught = (() => { ${body} })()
      return [caught, before + leaf(5) + leaf(6), kept.concat([3, 1, 2].map((x) => leaf(x)))]
    }`
      const { elsewhere } = load('exports.elsewhere = { get x() { sleep(1) }, set x(v) { sleep(1) } }', options)
      const globals = {
        elsewhere,
        uncompiled: function uncompiled(f: () => unknown): unknown {
          return f()
        },
      }
      const main = load(source, { ...options, globals })['main'] as () => [NativeFrameError, number, number[]]
      const [error, sum, list] = await run(main)
      assert.ok(error instanceof NativeFrameError, String(error))
      assert.equal(error.code, 'FIBRIL_NATIVE_FRAME')
      assert.match(error.message, named)
      assert.equal(sum, 15)
      assert.deepEqual(list, [1, 3, 1, 2])
    })

it('a task whose function was not compiled cannot block', async () => {
  const { main } = load('exports.main = function main() { leaf(1) }')
  const failing = async (): Promise<unknown> => await run(() => (main as () => unknown)())
  await assert.rejects(failing(), { code: 'FIBRIL_NATIVE_FRAME' })
})

it('a blocking call outside any task says what to do', () => {
  const { main } = load('exports.main = () => leaf(1)')
  let error: unknown
  queueMicrotask(() => {
    try {
      ;(main as () => unknown)()
    } catch (caught) {
      error = caught
    }
  })
  return Promise.resolve().then(() => assert.match(String(error), /outside any task.*fibril run/))
})
