// The business: what the service does, written as if it were alone in the world.
import { query, transaction } from './database.js'
import { getJson } from './http.js'
import { Model } from './model.js'
import { render } from './templates.js'

const PREFIX = process.env.TABLE_PREFIX ?? 'shop'

class Order extends Model {
  static table = `${PREFIX}_orders`
}

class Customer extends Model {
  static table = `${PREFIX}_customers`
}

/** The invoice of an order: two rows of the database, an answer of another service, and a file. */
export function invoice(id) {
  const order = Order.find(id)
  if (order === null) return null
  const customer = Customer.find(order.customer)
  const { rate } = getJson(`${process.env.RATES_URL}/${order.currency}`)
  const converted = (order.cents * rate) / 100
  return render('invoice', { ...order, customer: customer.name, amount: order.cents / 100, converted })
}

/** What the warehouse says: a query that takes the database 10 ms. */
export function stock() {
  const [row] = query(`SELECT SLEEP(0.01) AS slept, COUNT(*) AS orders FROM ${Order.table}`)
  return `${row.orders} orders\n`
}

/** Takes from what a customer has; all or nothing. */
export function pay(customer, cents) {
  return transaction((run) => {
    const [row] = run(`SELECT balance FROM ${Customer.table} WHERE id = ? FOR UPDATE`, [customer])
    if (row === undefined || row.balance < cents) throw new Error(`customer ${customer} cannot pay ${cents}`)
    run(`UPDATE ${Customer.table} SET balance = ? WHERE id = ?`, [row.balance - cents, customer])
    return row.balance - cents
  })
}

/** Makes the tables anew. */
export function setUp() {
  tearDown()
  query(`CREATE TABLE ${Customer.table} (id INT PRIMARY KEY AUTO_INCREMENT, name VARCHAR(80), balance INT)`)
  query(`CREATE TABLE ${Order.table} (id INT PRIMARY KEY AUTO_INCREMENT, customer INT, cents INT, currency CHAR(3))`)
  for (const [i, name] of ['Ada', 'Grace', 'Edsger'].entries()) {
    const customer = Customer.insert({ name, balance: 100_000 })
    for (const currency of ['USD', 'CHF']) Order.insert({ customer, cents: 1000 * (i + 1), currency })
  }
}

export function tearDown() {
  for (const { table } of [Order, Customer]) query(`DROP TABLE IF EXISTS ${table}`)
}
