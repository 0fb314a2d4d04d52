import { fib } from './fib.mjs'

export default fib
