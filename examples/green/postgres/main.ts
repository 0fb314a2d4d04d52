// fibril run examples/green/postgres/main.ts        needs PostgreSQL at 127.0.0.1:5432: user postgres, trusted, database `test`
//
// pg, whose calls give promises, in code that simply blocks. Two hundred tasks each add a line to a ledger in a transaction
// of its own; every tenth gives up in the middle, and is rolled back. A task's connection is opened when it first
// asks, and closed when the task ends; at most fifty are open. That they are really at work at once, and all closed in the
// end, is what the server says.
import { Semaphore, sleep, spawn, TaskLocal, timeout, wait } from 'fibril/green'
import pg from 'pg'

const TASKS = 200
const CONNECTIONS = 50
const NAME = `fibril-${process.pid}`
const table = `fibril_ledger_${process.pid}`

const places = new Semaphore(CONNECTIONS + 1) // and one for this task
const connection = new TaskLocal<pg.Client>({
  create() {
    places.acquire()
    const client = new pg.Client({
      ...{ host: '127.0.0.1', user: 'postgres', database: 'test' },
      application_name: places.available === CONNECTIONS ? `${NAME}-main` : NAME,
    })
    let opened = false
    try {
      wait(client.connect())
      opened = true
      return client
    } finally {
      if (!opened) places.release()
    }
  },
  dispose(client) {
    wait(client.end())
    places.release()
  },
})

function query<Row extends pg.QueryResultRow>(sql: string, values: readonly unknown[] = []): Row[] {
  return wait(connection.get().query<Row>(sql, [...values])).rows
}

function transaction<T>(body: () => T): T {
  query('BEGIN')
  let done = false
  try {
    const result = body()
    query('COMMIT')
    done = true
    return result
  } finally {
    if (!done) query('ROLLBACK') // also after a cancel
  }
}

class GivenUp extends Error {}

function work(n: number): boolean {
  // The first fifty all wait here, until the gate is opened.
  query('SELECT pg_advisory_lock_shared($1)', [process.pid])
  query('SELECT pg_advisory_unlock_shared($1)', [process.pid])
  try {
    transaction(() => {
      query(`INSERT INTO ${table} VALUES ($1, $2)`, [n, 'half'])
      if (n % 10 === 0) throw new GivenUp()
      query(`UPDATE ${table} SET state = 'whole' WHERE id = $1`, [n])
    })
    return true
  } catch (error) {
    if (error instanceof GivenUp) return false
    throw error
  }
}

function count(condition = ''): number {
  const sql = `SELECT COUNT(*)::int AS n FROM pg_stat_activity WHERE application_name = $1 ${condition}`
  return query<{ n: number }>(sql, [NAME])[0]!.n
}

function until(isSo: () => boolean): void {
  timeout(60_000, () => {
    while (!isSo()) sleep(20)
  })
}

query(`CREATE TABLE ${table} (id INT PRIMARY KEY, state TEXT)`)
try {
  query('SELECT pg_advisory_lock($1)', [process.pid])
  const tasks = Array.from({ length: TASKS }, (_, n) => spawn(work, n))
  until(() => count(`AND wait_event = 'advisory'`) === CONNECTIONS)
  console.log(`${count(`AND wait_event = 'advisory'`)} queries wait in the server at once`)
  query('SELECT pg_advisory_unlock($1)', [process.pid])
  const committed = tasks.filter((task) => task.join()).length
  const states = query<{ state: string; n: number }>(`SELECT state, COUNT(*)::int AS n FROM ${table} GROUP BY state`)
  console.log(
    `${committed} of ${tasks.length} transactions are committed: ${states.map(({ state, n }) => `${n} ${state}`)}`,
  )
  until(() => count() === 0)
  console.log(`${count()} connections are left open`)
} finally {
  query(`DROP TABLE ${table}`)
}
