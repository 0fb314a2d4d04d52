import { parentPort } from 'node:worker_threads'
import { fib } from './fib.ts'

// A thread of the pool in fib-server.ts: a number comes, its Fibonacci number goes.
parentPort?.on('message', (n: number) => parentPort?.postMessage(fib(n)))
