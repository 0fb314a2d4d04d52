// The programs of this benchmark on fibril/gevent: node programs.mjs NAME N prints operations, and seconds of processor time.
import assert from 'node:assert/strict'
import { Event, joinall, Pool, Queue, sleep, spawn } from '../../dist/src/gevent/index.js'
import { run } from '../../dist/src/index.js'

const programs = {
  *'spawn-join'(n) {
    const body = (i) => i
    let total = 0
    for (let batch = 0; batch < Math.floor(n / 10_000); batch++) {
      const greenlets = []
      for (let i = 0; i < 10_000; i++) greenlets.push(spawn(body, i))
      yield* joinall(greenlets)
      for (const g of greenlets) total += g.value
    }
    assert.equal(total, Math.floor(n / 10_000) * 49_995_000)
  },
  *switch(n) {
    let turns = 0
    function* body() {
      for (let i = 0; i < Math.floor(n / 2); i++) {
        turns++
        yield* sleep(0)
      }
    }
    yield* joinall([spawn(body), spawn(body)])
    assert.equal(turns, Math.floor(n / 2) * 2)
  },
  *'queue-pingpong'(n) {
    const [there, back] = [new Queue(1), new Queue(1)]
    const answer = spawn(function* () {
      for (let i = 0; i < n; i++) yield* back.put(yield* there.get())
    })
    const ask = spawn(function* () {
      for (let i = 0; i < n; i++) {
        yield* there.put(i)
        if ((yield* back.get()) !== i) throw new Error(`not ${i}`)
      }
    })
    yield* joinall([answer, ask], { raiseError: true })
  },
  *'event-wakeups'(n) {
    let woken = 0
    const rounds = Math.floor(n / 1000)
    for (let round = 0; round < rounds; round++) {
      const event = new Event()
      function* wait() {
        yield* event.wait()
        woken++
      }
      const greenlets = []
      for (let i = 0; i < 1000; i++) greenlets.push(spawn(wait))
      yield* sleep(0)
      event.set()
      yield* joinall(greenlets)
    }
    assert.equal(woken, rounds * 1000)
  },
  *sleepers(n) {
    const greenlets = []
    for (let i = 0; i < n; i++) greenlets.push(spawn(sleep, i % 1000))
    yield* joinall(greenlets)
  },
  *'imap-unordered'(n) {
    let sum = 0
    function* body(i) {
      yield* sleep(0)
      return i
    }
    function* items() {
      for (let i = 0; i < n; i++) yield i
    }
    yield* new Pool(100).imapUnordered(body, items()).forEach((i) => {
      sum += i
    })
    assert.equal(sum, (n * (n - 1)) / 2)
  },
}

const [, , name, count] = process.argv
const n = Number(count)
const program = programs[name]
const warm = name === 'spawn-join' ? Math.max(n / 10, 10_000) : Math.max(n / 10, 1000)
await run(() => program(Math.floor(warm)))
const begin = process.cpuUsage()
await run(() => program(n))
const { user, system } = process.cpuUsage(begin)
console.log(n, (user + system) / 1e6)
