import { fn } from 'fibril'
import type { Socket } from 'fibril/net'

/** Asks the service, and gives its answer. */
export const ask = fn(function* (service: Socket, n: number) {
  yield* service.write(`${n}\n`)
  const answer = yield* service.readLine()
  if (answer === null || !/^\d+$/.test(answer)) throw new Error(`fib(${n}) was answered by: ${answer ?? 'a hang-up'}`)
  return Number(answer)
})
