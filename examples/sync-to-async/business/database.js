// Connections to MariaDB, for code that blocks. One is lent to each piece of work and taken back after; when all are lent, who
// wants one blocks until one is back.
import { blockingWorker } from './blocking.js'

const options = {
  host: process.env.DB_HOST ?? '127.0.0.1',
  port: Number(process.env.DB_PORT ?? 3306),
  user: process.env.DB_USER ?? 'root',
  database: process.env.DB_NAME ?? 'test',
}
const LIMIT = Number(process.env.DB_CONNECTIONS ?? 60)

const call = blockingWorker(new URL('./database-worker.js', import.meta.url))
const idle = []
const returned = new Int32Array(new SharedArrayBuffer(4))
let opened = 0

function acquire() {
  for (;;) {
    if (idle.length > 0) return idle.pop()
    if (opened < LIMIT) break
    Atomics.wait(returned, 0, Atomics.load(returned, 0))
  }
  opened++
  try {
    return call('open', options)
  } catch (error) {
    opened--
    throw error
  }
}

function release(connection) {
  idle.push(connection)
  Atomics.add(returned, 0, 1)
  Atomics.notify(returned, 0, 1)
}

/** Lends a connection to `body`, as a function that runs a query on it. */
export function withConnection(body) {
  const connection = acquire()
  try {
    return body((sql, values = []) => call('query', connection, sql, values))
  } finally {
    release(connection)
  }
}

/** Runs one query on whichever connection is free. */
export function query(sql, values) {
  return withConnection((run) => run(sql, values))
}

/** Runs `body` in a transaction, which is rolled back if it throws. */
export function transaction(body) {
  return withConnection((run) => {
    run('START TRANSACTION')
    let done = false
    try {
      const result = body(run)
      run('COMMIT')
      done = true
      return result
    } finally {
      if (!done) run('ROLLBACK')
    }
  })
}

/** Closes what is not lent. */
export function closeIdle() {
  for (const connection of idle.splice(0)) {
    opened--
    call('close', connection)
  }
}
