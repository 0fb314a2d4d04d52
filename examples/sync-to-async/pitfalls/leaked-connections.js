// fibril run examples/sync-to-async/pitfalls/leaked-connections.js
//
// A connection for each task, kept under the task's id, is never given back: when the task has ended, nobody closes it. The cure
// is a `TaskLocal` with `dispose`, which runs when its task ends, however it does. Needs MariaDB at 127.0.0.1:3306.
import { currentTask, spawn, TaskLocal, wait } from 'fibril/green'
import { createConnection } from 'mysql2/promise'

const TASKS = 20
const mark = `fibril_leak_${process.pid}`
const opened = new Set()

function open() {
  const connection = wait(createConnection({ host: '127.0.0.1', user: 'root', database: 'test' }))
  opened.add(connection)
  wait(connection.query('SET @mark = ?', [mark]))
  return connection
}

const byTask = new Map()
function leaking() {
  const { id } = currentTask()
  if (!byTask.has(id)) byTask.set(id, open())
  return byTask.get(id)
}

const local = new TaskLocal({
  create: open,
  dispose: (connection) => {
    opened.delete(connection)
    wait(connection.end())
  },
})

function work(connectionOf) {
  const tasks = Array.from({ length: TASKS }, () => spawn(() => wait(connectionOf().query('SELECT 1'))))
  for (const task of tasks) task.join()
  return opened.size
}

console.log(`kept by task id: ${work(leaking)} connections are left open by ${TASKS} tasks that have ended`)
for (const connection of opened) wait(connection.end())
opened.clear()
console.log(`TaskLocal with dispose: ${work(() => local.get())} are left open`)
