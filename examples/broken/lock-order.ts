// Hangs now and then: two transfers in opposite directions each hold one account and wait for the other.
// See docs/inspect.md for how to find the line.
import { fn, run, sleep, spawn } from 'fibril'
import { Lock } from 'fibril/sync'

class Account {
  readonly lock: Lock
  balance = 100

  constructor(name: string) {
    this.lock = new Lock({ name })
  }
}

const transfer = fn(function* transfer(from: Account, to: Account, amount: number) {
  yield* from.lock.acquire()
  try {
    yield* sleep(1) // the bank is asked
    yield* to.lock.acquire() // at fault: every transfer must take the locks in the same order
    try {
      from.balance -= amount
      to.balance += amount
    } finally {
      to.lock.release()
    }
  } finally {
    from.lock.release()
  }
})

/** What keeps a service alive while its work hangs, so that nobody is told of a deadlock. */
const heartbeat = fn(function* heartbeat() {
  for (;;) yield* sleep(1000)
})

await run(function* bank() {
  const [ann, bob] = [new Account('ann'), new Account('bob')]
  spawn.detached(heartbeat())
  spawn(transfer(ann, bob, 30), { name: 'ann to bob' })
  spawn(transfer(bob, ann, 20), { name: 'bob to ann' })
  console.log('transferring')
})
console.log('done')
