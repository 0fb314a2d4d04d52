// Programs that the tests of the page look at: FIBRIL_INSPECT=page node programs.js NAME
import { fn, run, sleep, spawn } from '../../../src/index.ts'
import { recordTrace } from '../../../src/inspect/index.ts'
import { Event, Lock, Queue, Semaphore } from '../../../src/sync/index.ts'

const programs: Readonly<Record<string, (argument: string) => unknown>> = {
  many: (count) =>
    run(function* main() {
      const go = new Event({ name: 'go' })
      const worker = fn(function* worker() {
        yield* go.wait()
      })
      for (let i = 0; i < Number(count); i++) spawn(worker(), { name: `worker ${i % 7}` })
      console.log('started')
      yield* sleep(1e6)
    }),

  hostile: () =>
    run(function* main() {
      const lock = new Lock({ name: '<img src=x onerror="document.title=\'owned\'">' })
      lock.tryAcquire()
      spawn(sleep(1e6))
      const wait = fn(function* wait() {
        yield* lock.acquire()
      })
      spawn(wait(), { name: '</script><script>document.title="owned"</script>' })
      spawn(sleep(1e6), { name: 'a\u202eb\u0000c' })
    }),

  /** A bit of everything, for the tour of the views. */
  shop: (file) => {
    if (file !== '') traceInto(file, 1500)
    const orders = new Queue<number>({ name: 'orders' })
    const till = new Lock({ name: 'till' })
    const seats = new Semaphore(4, { name: 'seats' })
    return run(function* shop() {
      const clerk = fn(function* clerk() {
        for (;;) {
          yield* orders.get()
          yield* till.acquire()
          yield* sleep(20)
          till.release()
        }
      })
      const guest = fn(function* guest() {
        for (;;) {
          yield* sleep(30)
          yield* seats.acquire()
          yield* sleep(40)
          seats.release()
        }
      })
      const stock = fn(function* stock() {
        yield* new Event({ name: 'delivery' }).wait()
      })
      for (let i = 0; i < 6; i++) spawn(clerk(), { name: 'clerk' })
      for (let i = 0; i < 12; i++) spawn(guest(), { name: 'guest' })
      spawn(stock())
      for (let order = 0; ; order++) {
        orders.put(order)
        yield* sleep(15)
      }
    })
  },

  trace: (file) => {
    traceInto(file, 60)
    return run(function* main() {
      const step = fn(function* step() {
        for (let i = 0; i < 20; i++) yield* sleep(2)
      })
      for (let i = 0; i < 5; i++) spawn(step(), { name: 'stepper' })
      yield* sleep(1e6)
    })
  },
}

/** Writes down what happens for so long, and says so. */
function traceInto(file: string, ms: number): void {
  const trace = recordTrace(file)
  setTimeout(() => {
    trace.stop()
    console.log('written')
  }, ms)
}

const [name = '', argument = ''] = process.argv.slice(2)
void programs[name]?.(argument)
