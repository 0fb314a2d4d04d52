import assert from 'node:assert/strict'
import {
  AsyncResult,
  Channel,
  Event,
  Greenlet,
  Group,
  greenlet,
  iwait,
  joinall,
  Pool,
  Queue,
  RLock,
  Semaphore,
  sleep,
  spawn,
  Timeout,
  Waiter,
  wait,
  withTimeout,
} from '../../src/gevent/index.ts'
import type { Body, Operation } from '../../src/index.ts'
import { it } from '../support/it.ts'

const never = () => new Greenlet(() => {})
const crowded = () => {
  const group = new Group()
  group.add(never())
  return group
}
const waits: Record<string, () => Operation<unknown> | Body<unknown>> = {
  'Event.wait': () => new Event().wait(),
  'Event.wait(timeout)': () => new Event().wait(1000),
  'AsyncResult.get': () => new AsyncResult().get(),
  'AsyncResult.wait(timeout)': () => new AsyncResult().wait(1000),
  'Semaphore.acquire': () => new Semaphore(0).acquire(),
  'Semaphore.acquire(timeout)': () => new Semaphore(0).acquire({ timeout: 1000 }),
  'Semaphore.wait': () => new Semaphore(0).wait(1000),
  'RLock.acquire': function* () {
    const lock = new RLock()
    yield* spawn(() => lock.acquire()).join()
    yield* lock.acquire({ timeout: 1000 })
  },
  'Queue.put': () => new Queue<number>(1, [1]).put(2),
  'Queue.put(timeout)': () => new Queue<number>(1, [1]).put(2, { timeout: 1000 }),
  'Queue.get': () => new Queue().get(),
  'Queue.get(timeout)': () => new Queue().get({ timeout: 1000 }),
  'Queue.peek': () => new Queue().peek(),
  'Queue.next': () => new Queue().next(),
  'Queue.join': () => new Queue(null, [1]).join(1000),
  'Channel.put': () => new Channel().put(1),
  'Channel.get': () => new Channel().get(),
  'Waiter.get': () => new Waiter().get(),
  'Greenlet.get': () => never().get({ timeout: 1000 }),
  'Greenlet.join': () => never().join(),
  joinall: () => joinall([never(), never()], { timeout: 1000 }),
  'iwait.next': () => iwait([never()], { timeout: 1000 }).forEach(() => {}),
  'wait()': () => {
    spawn(() => sleep(50))
    return wait(null, { timeout: 1000 })
  },
  'Group.join': () => crowded().join(),
  'Pool.spawn': () => new Pool(0).spawn(() => {}),
  'Pool.add': () => new Pool(0).add(never(), { timeout: 1000 }),
  'Pool.waitAvailable': () => new Pool(0).waitAvailable(1000),
  'Pool.map': () => new Pool(0).map(String, [1, 2]),
  'imap.next': () => new Pool(0).imap(() => {}, [1, 2]).forEach(() => {}),
  sleep: () => sleep(1000),
  withTimeout: () => withTimeout(1000, () => sleep(2000)),
  'Timeout.with': () => new Timeout(1000, false).with(() => sleep(2000)),
  'greenlet.switch': () => new greenlet(() => sleep(50)).switch(),
}

for (const [name, make] of Object.entries(waits)) {
  it.many(`${name} can be cancelled, and leaves nothing behind`, function* () {
    const g = spawn(make)
    yield* sleep(1)
    assert.equal(g.ready(), false)
    yield* g.kill()
    assert.equal(g.successful(), true)
    yield* sleep(100)
  })
}
