import { invoice, pay, stock } from './orders.js'

/** Answers one request. */
export function handle(url) {
  const [, what, ...args] = url.split('/')
  try {
    if (what === 'stock') return { status: 200, body: stock() }
    if (what === 'pay') return { status: 200, body: `${pay(Number(args[0]), Number(args[1]))} left\n` }
    const body = what === 'invoice' ? invoice(Number(args[0])) : null
    return body === null ? { status: 404, body: 'no such thing\n' } : { status: 200, body }
  } catch (error) {
    return { status: 500, body: `${error.message}\n` }
  }
}
