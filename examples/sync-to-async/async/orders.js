// The same business by hand: every function that waits is `async`, and every call of one says `await`.
import { readFile } from 'node:fs/promises'
import mysql from 'mysql2/promise'

const PREFIX = process.env.TABLE_PREFIX ?? 'shop'
const pool = mysql.createPool({
  host: process.env.DB_HOST ?? '127.0.0.1',
  port: Number(process.env.DB_PORT ?? 3306),
  user: process.env.DB_USER ?? 'root',
  database: process.env.DB_NAME ?? 'test',
  connectionLimit: Number(process.env.DB_CONNECTIONS ?? 60),
})

async function query(sql, values) {
  const [rows] = await pool.query(sql, values)
  return rows
}

async function find(table, id) {
  const [row] = await query(`SELECT * FROM ${PREFIX}_${table} WHERE id = ?`, [id])
  return row ?? null
}

async function getJson(url) {
  const response = await fetch(url)
  if (response.status !== 200) throw new Error(`${url} answered ${response.status}`)
  return response.json()
}

async function render(name, values) {
  const text = await readFile(new URL(`../business/${name}.txt`, import.meta.url), 'utf8')
  return text.replace(/\{(\w+)\}/g, (_, key) => String(values[key]))
}

export async function invoice(id) {
  const order = await find('orders', id)
  if (order === null) return null
  const customer = await find('customers', order.customer)
  const { rate } = await getJson(`${process.env.RATES_URL}/${order.currency}`)
  const converted = (order.cents * rate) / 100
  return await render('invoice', { ...order, customer: customer.name, amount: order.cents / 100, converted })
}

export async function stock() {
  const [row] = await query(`SELECT SLEEP(0.01) AS slept, COUNT(*) AS orders FROM ${PREFIX}_orders`)
  return `${row.orders} orders\n`
}

export async function pay(customer, cents) {
  const connection = await pool.getConnection()
  try {
    await connection.query('START TRANSACTION')
    let done = false
    try {
      const table = `${PREFIX}_customers`
      const [[row]] = await connection.query(`SELECT balance FROM ${table} WHERE id = ? FOR UPDATE`, [customer])
      if (row === undefined || row.balance < cents) throw new Error(`customer ${customer} cannot pay ${cents}`)
      await connection.query(`UPDATE ${table} SET balance = ? WHERE id = ?`, [row.balance - cents, customer])
      await connection.query('COMMIT')
      done = true
      return row.balance - cents
    } finally {
      if (!done) await connection.query('ROLLBACK')
    }
  } finally {
    connection.release()
  }
}

export function close() {
  return pool.end()
}
