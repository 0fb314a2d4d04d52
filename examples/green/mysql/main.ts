// fibril run examples/green/mysql/main.ts        needs MySQL or MariaDB at 127.0.0.1:3306: root, no password, database `test`
//
// mysql2, whose calls give promises, in code that simply blocks. Two hundred tasks each move money from one account to another
// in a transaction of its own. A task's connection is opened when it first asks, and closed when the task ends; at most
// fifty are open. That they are really at work at once, and all closed in the end, is what the server says.
import { Semaphore, sleep, spawn, TaskLocal, timeout, wait } from 'fibril/green'
import { type Connection, createConnection, type RowDataPacket } from 'mysql2/promise'

const TASKS = 200
const CONNECTIONS = 50
const ACCOUNTS = 10
const table = `fibril_accounts_${process.pid}`
const gate = `fibril_gate_${process.pid}`

const places = new Semaphore(CONNECTIONS + 1) // and one for this task
const connection = new TaskLocal<Connection>({
  create() {
    places.acquire()
    let opened: Connection | null = null
    try {
      opened = wait(createConnection({ host: '127.0.0.1', user: 'root', database: 'test' }))
      return opened
    } finally {
      if (opened === null) places.release()
    }
  },
  dispose(opened) {
    wait(opened.end())
    places.release()
  },
})

function query(sql: string, values: readonly unknown[] = []): RowDataPacket[] {
  const [rows] = wait(connection.get().query<RowDataPacket[]>(sql, [...values]))
  return rows
}

function transaction<T>(body: () => T): T {
  query('START TRANSACTION')
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

function balanceOf(account: number): number {
  return query(`SELECT balance FROM ${table} WHERE id = ? FOR UPDATE`, [account])[0]!['balance'] as number
}

function move(from: number, to: number): void {
  // All lock the lower account first, so that no two wait for each other.
  const [low, high] = from < to ? [from, to] : [to, from]
  const [lowBalance, highBalance] = [balanceOf(low), balanceOf(high)]
  const step = from === low ? -1 : 1
  query(`UPDATE ${table} SET balance = ? WHERE id = ?`, [lowBalance + step, low])
  query(`UPDATE ${table} SET balance = ? WHERE id = ?`, [highBalance - step, high])
}

const ids = new Set<number>()

function work(n: number): void {
  ids.add(query('SELECT CONNECTION_ID() AS id')[0]!['id'] as number)
  // The first fifty all wait here, until the gate is opened.
  query('SELECT GET_LOCK(?, 60)', [gate])
  query('SELECT RELEASE_LOCK(?)', [gate])
  const from = n % ACCOUNTS
  transaction(() => move(from, (from + 1 + (n % (ACCOUNTS - 1))) % ACCOUNTS))
}

function waiting(): number {
  return query(`SELECT COUNT(*) AS n FROM information_schema.processlist WHERE state = 'User lock' AND info LIKE ?`, [
    `%${gate}%`,
  ])[0]!['n'] as number
}

function open(): number {
  return query('SELECT COUNT(*) AS n FROM information_schema.processlist WHERE id IN (?)', [[...ids]])[0]![
    'n'
  ] as number
}

function until(isSo: () => boolean): void {
  timeout(60_000, () => {
    while (!isSo()) sleep(20)
  })
}

query(`CREATE TABLE ${table} (id INT PRIMARY KEY, balance INT) ENGINE = InnoDB`)
try {
  for (let id = 0; id < ACCOUNTS; id++) query(`INSERT INTO ${table} VALUES (?, 1000)`, [id])
  query('SELECT GET_LOCK(?, 0)', [gate])
  const tasks = Array.from({ length: TASKS }, (_, n) => spawn(work, n))
  until(() => waiting() === CONNECTIONS)
  console.log(`${waiting()} queries wait in the server at once`)
  query('SELECT RELEASE_LOCK(?)', [gate])
  for (const task of tasks) task.join()
  const [{ sum } = { sum: null }] = query(`SELECT CAST(SUM(balance) AS SIGNED) AS sum FROM ${table}`)
  console.log(`${tasks.length} transactions on ${ids.size} connections, and the sum is still ${sum}`)
  until(() => open() === 0)
  console.log(`${open()} connections are left open`)
} finally {
  query(`DROP TABLE ${table}`)
}
