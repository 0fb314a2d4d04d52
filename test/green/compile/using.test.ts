import { strict as assert } from 'node:assert'
import { SourceMap, type SourceMapPayload } from 'node:module'
import { test } from 'node:test'
import { CancelledError, run, sleep, spawn, timeout } from '../../../src/core/index.ts'
import { it } from '../../support/it.ts'
import { compileText, knowsUsing, load } from './load.ts'

/** What `main` logs, compiled. */
async function traceOf(source: string, { globals, ...options }: Parameters<typeof load>[1] = {}): Promise<string> {
  const { main, log } = logging(source, { ...options, globals: globals ?? {} })
  if (options.plain || main.constructor.name === 'AsyncFunction') await main()
  else await run(main)
  return log.join(' ')
}

function logging(source: string, options: Parameters<typeof load>[1] = {}): { main: () => unknown; log: unknown[] } {
  const log: unknown[] = []
  const globals = { ...options.globals, log: (...all: unknown[]) => void log.push(...all) }
  return { main: load(source, { ...options, globals })['main'] as () => unknown, log }
}

const own = `const own = (name) => ({ name, [Symbol.dispose]() { log(leaf(name)) } });`

const programs: Record<string, readonly [source: string, expected: string]> = {
  'the head of a `for` owns until the loop is over, however it is left': [
    `exports.main = function () { ${own}
      a: for (using x = own('x'), none = null, y = own('y'); ;) for (using z = own('z'), i = null; ;) { log(leaf('in')); break a }
    }`,
    'in z y x',
  ],
  'a labelled loop goes on, and nothing is disposed of between its rounds': [
    `exports.main = function () { ${own}
      let n = 0
      round: for (using x = own('x'); n < 2; log('step')) for (;;) { log(leaf(++n)); continue round }
      for (using x = own('never'); leaf(false);) log('no')
    }`,
    '1 step 2 step x never',
  ],
  'what has no name is named after its variable': [
    `exports.main = function () {
      Function.prototype[Symbol.dispose] = function () { log(leaf(this.name)) }
      try { using f = () => {}, C = class {}, p = (function () {}), none = (0, () => {}), named = class Other {} }
      finally { delete Function.prototype[Symbol.dispose] }
    }`,
    'Other  p C f',
  ],
  'an async function awaits in the order and the turns of the language': [
    `exports.main = async function () {
      const turns = async (n) => { for (let i = 0; i < n; i++) { await null; log('turn' + i) } }
      const later = turns(9)
      const own = (name) => ({ async [Symbol.asyncDispose]() { log(name); await null; log(name + '.') } })
      const plain = (name) => ({ [Symbol.dispose]() { log(name); return later } })
      { await using none = null }
      log('|')
      { using a = plain('a'); await using none = null; using b = plain('b') }
      log('|')
      { await using a = own('a'), b = plain('b'), none = null; using c = plain('c') }
      log('|')
      try { await using a = { [Symbol.dispose]() { throw 'fails' } }; log('body') } catch (e) { log(e) }
      for await (await using x of [own('x'), null]) log('round')
      for (await using y = own('y'); ;) break
      await later
    }`,
    'turn0 | b turn1 a | c b turn2 a turn3 a. turn4 | body turn5 fails turn6 turn7 round x turn8 x. round y y.',
  ],
  'an async function whose resources block': [
    `exports.main = async function () { ${own}
      const slow = (name) => ({ [Symbol.asyncDispose]() { log(leaf(name)); return null } })
      { using a = own('a'); await using b = slow('b'), c = own('c'); log('body') }
      async function* g() { await using a = slow('g'); using b = own('h'); yield 1; yield 2 }
      for await (const x of g()) { log(x); break }
      const f = async () => { for (using x of [own('x')]) return leaf('returned') }
      log(await f())
      try { await using a = { [Symbol.asyncDispose]() { throw new Error(leaf('da')) } }, b = { async [Symbol.asyncDispose]() { throw new Error(leaf('db')) } }; throw new Error('body') }
      catch (e) { log(e instanceof SuppressedError, e.error.message, e.suppressed.error.message, e.suppressed.suppressed.message) }
    }`,
    'body c b a 1 h g x returned true da db body',
  ],
  'functions in which nothing parks': [
    `exports.main = function () {
      // @fibril never-parks
      function f(x) { 'use strict'; using a = { [Symbol.dispose]: () => log('a') }; for (using b of [{ [Symbol.dispose]: () => log('b') }, x]); return this }
      // @fibril never-parks
      const g = () => { using a = { [Symbol.dispose]: () => { throw 1 } }; throw 2 }
      // @fibril never-parks
      function* h() { using a = { [Symbol.dispose]: () => log('h') }; yield 1 }
      log(f(null) === undefined)
      for (const x of h()) break
      try { g() } catch (e) { log(e.name, e.error, e.suppressed) }
    }`,
    'b a true h SuppressedError 1 2',
  ],
}

for (const [title, [source, expected]] of Object.entries(programs)) {
  for (const options of [
    {},
    { onlyGenerators: true },
    { stress: true },
    { globals: { leaf: (x: unknown) => x } },
    { nativeUsing: knowsUsing },
  ])
    it(`${title}: compiled with ${Object.keys(options)}`, async () => {
      assert.equal(await traceOf(source, options), expected)
    })

  it(`${title}: plain`, async () => assert.equal(await traceOf(source, { plain: true }), expected), {
    skip: !knowsUsing && 'this Node does not know it',
  })
}

it('a cancelled task disposes of what it owns, which may park, and all else of it', async () => {
  const { main, log } = logging(`exports.main = function () {
    const own = (name) => ({ [Symbol.dispose]() { log(name); sleep(5); log(name + '.') } })
    using a = own('a')
    for (using b of [own('b')]) { using c = own('c'), d = own('d'); try { sleep(1000) } catch { log('caught') } }
  }`)
  await run(function* () {
    const task = spawn.detached(main)
    yield* sleep(1)
    task.cancel()
    try {
      yield* task
    } catch (error) {
      log.push(error instanceof CancelledError)
    }
  })
  assert.equal(log.join(' '), 'd d. c c. b b. a a. true')
})

it('a task that is cancelled while it disposes goes on with the next resource', async () => {
  const { main, log } = logging(`exports.main = function () {
    const own = (name) => ({ [Symbol.dispose]() { try { log(name); sleep(1000); log('never') } finally { log(leaf(name + '.')) } } })
    const quick = (name) => ({ [Symbol.dispose]() { log(leaf(name)) } })
    using a = quick('a'), b = quick('b'), c = own('c'), d = quick('d')
  }`)
  await run(function* () {
    try {
      yield* timeout(5, main)
    } catch (error) {
      log.push((error as Error).name)
    }
  })
  assert.equal(log.join(' '), 'd c c. b a TimeoutError')
})

test('code in which nothing parks keeps its `using` where that is known, to the byte', () => {
  const source = `// @fibril never-parks
exports.f = function (x) { using a = x; for (using b of a) { } for (using c = b; ;) break }
// @fibril never-parks
exports.g = async () => { await using d = null }`
  const { code, changed } = compileText(source, { nativeUsing: true })
  assert.deepEqual([code, changed], [source, false])
  assert.doesNotMatch(compileText(source).code, /\busing\b.*=/)
})

test('`using` adds no lines, and its map tells where what is disposed of was declared', () => {
  const source = `export function f(x) {
  using a = x,
    b = x.MARK0
  outer: for (using c of
    x.MARK1
  ) { x.MARK2() }
  for (using d = x
    ; ;) { x.MARK3 }
  using e = x
}
using m = f(
  1) // last`
  const options = { url: 'file:///app.js', format: 'module', language: 'js', runtime: 'runtime' } as const
  const { code, map } = compileText(source, options)
  assert.equal(code.trimEnd().split('\n').length - 1, source.split('\n').length, 'one is behind the last')
  const payload = new SourceMap(map as SourceMapPayload)
  for (const [mark] of source.matchAll(/MARK\d/g))
    assert.deepEqual(lineAndColumn(payload, code, code.indexOf(mark)), [lineOf(source, mark)], mark)
  const [disposed] = /\(yield 1\)/.exec(code) ?? []
  assert.ok(disposed)

  function lineOf(text: string, found: string): number {
    return text.slice(0, text.indexOf(found)).split('\n').length
  }
  function lineAndColumn(map: SourceMap, text: string, at: number): number[] {
    const before = text.slice(0, at).split('\n')
    const entry = map.findEntry(before.length - 1, (before.at(-1) as string).length)
    return 'originalLine' in entry ? [entry.originalLine + 1] : []
  }
})

test('types are taken out around `using`', () => {
  const { code } = compileText('export function f(x: any) { using a: Disposable = x; return a }', {
    format: 'module',
    language: 'ts',
  })
  assert.match(code, /const a *=\$u\.use\(x,false\)|const a +=/)
})
