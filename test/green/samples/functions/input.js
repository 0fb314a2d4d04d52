'use strict'
import { sleep } from 'fibril/green'

export function first(a, b) {
  return second(a) + second(b)
}

export default function (...all) {
  for (const x of all) sleep(x)
}

function second(x) {
  'use strict'
  sleep(x)
  return function third() { return x ? first(x, arguments[0]) : third }
}
