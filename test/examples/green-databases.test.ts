import assert from 'node:assert/strict'
import { readdirSync } from 'node:fs'
import { test } from 'node:test'
import { runGreen, serverAt } from './green-programs.ts'

test('mysql2: 200 tasks with a connection each, fifty queries at once, none left open', async (t) => {
  if (!(await serverAt(t, 'MariaDB', 3306, ['mariadbd', '--user=mysql']))) return
  const { lines } = await runGreen('mysql/main.ts')
  assert.deepEqual(lines, [
    '50 queries wait in the server at once',
    '200 transactions on 200 connections, and the sum is still 10000',
    '0 connections are left open',
  ])
})

test('pg: 200 tasks with a connection each, fifty queries at once, what fails is rolled back', async (t) => {
  if (!(await serverAt(t, 'PostgreSQL', 5432, ['pg_ctlcluster', newestPostgres(), 'main', 'start']))) return
  const { lines } = await runGreen('postgres/main.ts')
  assert.deepEqual(lines, [
    '50 queries wait in the server at once',
    '180 of 200 transactions are committed: 180 whole',
    '0 connections are left open',
  ])
})

function newestPostgres(): string {
  try {
    return (
      readdirSync('/etc/postgresql')
        .sort((a, b) => Number(a) - Number(b))
        .at(-1) ?? ''
    )
  } catch {
    return ''
  }
}
