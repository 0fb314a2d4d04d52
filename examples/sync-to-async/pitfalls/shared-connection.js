// fibril run examples/sync-to-async/pitfalls/shared-connection.js
//
// One connection for everybody is right as long as one request runs at a time. When two tasks use it, one's statements end up in the
// other's transaction. The cure is one connection for each piece of work: `withConnection` lends them. Where a program must
// share one, `guarded` says who came second, in place of a wrong balance.
import { currentTask, sleep, spawn } from 'fibril/green'

/** A connection as a database has it: one transaction at a time. */
class Connection {
  #balance
  #began = null
  constructor(balance) {
    this.#balance = balance
  }
  begin() {
    sleep(1)
    this.#began = this.#balance
  }
  add(amount) {
    const before = this.#balance
    sleep(1)
    this.#balance = before + amount
  }
  rollback() {
    sleep(1)
    this.#balance = this.#began
  }
  get balance() {
    return this.#balance
  }
}

/** Refuses a second task while a first uses it. */
function guarded(connection) {
  let user = null
  return (body) => {
    const task = currentTask()
    if (user !== null) throw new Error(`${task} uses a connection that ${user} is using: give each its own`)
    user = task
    try {
      return body(connection)
    } finally {
      user = null
    }
  }
}

const deposit = (connection) => connection.add(10)
const failing = (connection) => {
  connection.begin()
  connection.add(100)
  connection.rollback()
}

/** Two tasks, each with its work; what came of each. */
function both(use) {
  const attempt = (body) => () => {
    try {
      return use(body)
    } catch (error) {
      return error.message
    }
  }
  const tasks = [failing, deposit].map((body) => spawn.with({ name: body.name }, attempt(body)))
  return tasks.map((task) => task.join())
}

const shared = new Connection(0)
both((body) => body(shared))
console.log(`shared: the balance is ${shared.balance}, and should be 10`)

const [, refused] = both(guarded(new Connection(0)))
console.log(`guarded: ${refused.replace(/ #\d+/g, '')}`)

let balance = 0
both((body) => {
  const own = new Connection(0)
  body(own)
  balance += own.balance
})
console.log(`one each: the balance is ${balance}`)
