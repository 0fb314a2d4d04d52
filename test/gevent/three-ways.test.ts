import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import * as gevent from '../../src/gevent/index.ts'
import { compile } from '../../src/green/compile/index.ts'
import { TestHost } from '../../src/testing/index.ts'

// One program: `WAIT` stands where each way has its own word for waiting, `FN` where it has its own kind of function.
const source = `
EACH
const note = (...items) => { trace.push(items.join(' ')) }

FN work(name, ms) {
  WAIT sleep(ms)
  note(name, 'worked')
  return name
}
FN main() {
  // greenlets
  const g = spawn(work, 'one', 3)
  note(WAIT g.get(), g.successful())
  const bad = spawn(FN() { WAIT sleep(1); throw new Error('bad') })
  WAIT bad.join()
  note(bad.exception.message)
  const long = spawn(FN() {
    try { WAIT sleep(1000) } finally { WAIT sleep(1); note('cleanup') }
  })
  WAIT sleep(1)
  WAIT long.kill()
  note(long.value)
  const woken = spawn(FN() {
    try { WAIT sleep(1000) } catch (error) { WAIT sleep(1); return error.message }
  })
  WAIT sleep(1)
  WAIT woken.kill(new Error('up'))
  note(woken.value)
  const linked = new AsyncResult()
  const source = spawn(work, 'linked', 2)
  source.link(linked)
  source.link(FN(ended) { WAIT sleep(1); note('told of', ended.value) })
  note(WAIT linked.get())
  WAIT sleep(3)
  note(WAIT spawn(work, 'with', 2).with((it) => it.ready()))
  note(greenletOf(WAIT joinall([spawn(work, 'b', 5), spawn(work, 'a', 2)])))
  WAIT each(iwait([spawn(work, 'y', 5), spawn(work, 'x', 2)]), FN(it) { WAIT sleep(1); note('ready', it.value) })
  class Job extends Greenlet {
    constructor(name) { super(); this.job = name }
    METHOD _run() { WAIT sleep(1); return this.job }
  }
  const job = new Job('subclass')
  job.start()
  note(WAIT job.get())
  // time
  const limit = Timeout.startNew(2)
  try { WAIT sleep(1000) } catch (error) { note(error === limit, error instanceof Timeout) } finally { limit.close() }
  note(WAIT withTimeout(2, FN() { WAIT sleep(1000) }, { timeoutValue: 'late' }))
  note(WAIT new Timeout(2, false).with(FN() { WAIT sleep(1000) }))
  try { WAIT spawn(work, 'slow', 5).get({ timeout: 1 }) } catch (error) { note(error.name) }
  WAIT wait()
  // meeting
  const event = new Event()
  spawn(FN() { WAIT sleep(1); event.set() })
  note(WAIT event.wait(), WAIT new Event().wait(1))
  const queue = new Queue(1)
  spawn(FN() { for (const item of [1, 2, StopIteration]) WAIT queue.put(item) })
  WAIT each(queue, FN(item) { WAIT sleep(1); note('item', item) })
  try { WAIT queue.get({ timeout: 1 }) } catch (error) { note(error.name) }
  const channel = new Channel()
  spawn(FN() { WAIT channel.put('sent') })
  note(WAIT channel.get())
  const waiter = new Waiter()
  spawn(FN() { WAIT sleep(1); waiter.switch('woken') })
  note(WAIT waiter.get())
  // taking turns
  const semaphore = new Semaphore(1)
  note(WAIT semaphore.with(FN() { WAIT sleep(1); return WAIT semaphore.acquire({ timeout: 1 }) }))
  const lock = new RLock()
  note(WAIT lock.with(FN() { return WAIT lock.with(FN() { WAIT sleep(1); return 'twice' }) }))
  // many
  const pool = new Pool(2)
  note(WAIT pool.map(FN(n) { WAIT sleep(n); return n * n }, [3, 1, 2]))
  note(WAIT pool.apply(work, 'applied', 1))
  WAIT each(pool.imapUnordered(FN(n) { WAIT sleep(n); return n }, [5, 1]), (n) => note('unordered', n))
  const placed = WAIT pool.spawn(work, 'placed', 1)
  note(placed instanceof Greenlet, pool.has(placed), WAIT pool.join())
  const group = new Group()
  group.spawn(work, 'grouped', 1)
  note(WAIT group.join())
  return trace
}
`

const inTasks = {
  FN: 'function*',
  METHOD: '*',
  WAIT: 'yield*',
  EACH: 'const each = (source, body) => source.forEach(body)',
}
const green = {
  FN: 'function',
  METHOD: '',
  WAIT: '',
  EACH: 'const each = (source, body) => { for (const item of source) body(item) }',
}
type Words = typeof green

const folder = mkdtempSync(join(tmpdir(), 'fibril-gevent-'))
after(() => rmSync(folder, { recursive: true }))

const words = new RegExp(`\\b(${Object.keys(green).join('|')})\\b`, 'g')

async function traceOf(way: Words, face: string, name: string, stress = false): Promise<string[]> {
  const text = source.replace(words, (word) => way[word as keyof Words])
  const names = Object.keys(gevent).filter((key) => key !== 'kill' && new RegExp(`\\b${key}\\b`).test(text))
  const url = (path: string) => new URL(`../../src/${path}/index.js`, import.meta.url).href
  const whole = `
import { ${names.join(', ')} } from ${JSON.stringify(url(face))}
const trace = []
const greenletOf = (list) => list.map((it) => it.value).join()
${text}
export { main }`
  const code =
    face === 'gevent'
      ? whole
      : compile(whole, {
          url: import.meta.url,
          format: 'module',
          language: 'js',
          runtime: url('green/runtime'),
          stress,
        }).code
  const file = join(folder, `${name}.mjs`)
  writeFileSync(file, code)
  const { main } = (await import(pathToFileURL(file).href)) as { main: () => Generator<never, string[]> }
  return await new TestHost({ shuffle: false }).run(function* () {
    gevent.getHub().exceptionStream = null
    return yield* gevent.spawn(main).get()
  })
}

const expected = `one worked
one true
bad
cleanup
GreenletExit: the greenlet was killed
up
linked worked
linked
told of linked
with worked
false
a worked
b worked
a,b`.split('\n')

test('one program gives the same trace in generator tasks and as plain blocking calls', async () => {
  const trace = await traceOf(inTasks, 'gevent', 'generator')
  assert.deepEqual(trace.slice(0, expected.length), expected)
  assert.deepEqual(await traceOf(green, 'gevent/green', 'green'), trace)
  assert.deepEqual(await traceOf(green, 'gevent/green', 'green-stress', true), trace)
})

test('async code awaits the same operations, and for await goes over what comes one by one', async () => {
  const { AsyncResult, Event, iwait, joinall, Pool, Queue, Semaphore, sleep, spawn } = gevent
  const g = spawn(async (name: string) => {
    await sleep(1)
    return name
  }, 'async')
  await g.join()
  assert.equal(await g, 'async')
  assert.equal(await g.get(), 'async')
  const tasks = [5, 1].map((ms) => spawn(() => sleep(ms)))
  assert.equal((await joinall(tasks))[0], tasks[1])
  const ready: unknown[] = []
  for await (const one of iwait([...tasks, g])) ready.push(one)
  assert.equal(ready.length, 3)
  const event = new Event()
  setTimeout(() => event.set(), 1)
  assert.equal(await event.wait(), true)
  const result = new AsyncResult<number>()
  result.set(1)
  assert.equal(await result, 1)
  const queue = new Queue<number>(1)
  const putting = spawn(async () => {
    for (const item of [1, 2, gevent.StopIteration] as const) await queue.put(item)
  })
  const items: number[] = []
  for await (const item of queue) items.push(item)
  assert.deepEqual(items, [1, 2])
  await putting
  const semaphore = new Semaphore(1)
  assert.equal(await semaphore.with(async () => semaphore.counter), 0)
  const squares: number[] = []
  for await (const square of new Pool(2).imap(async (n: number) => n * n, [1, 2, 3])) squares.push(square)
  assert.deepEqual(squares, [1, 4, 9])
})
