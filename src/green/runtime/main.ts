import { machine, run, wait } from '../../core/index.ts'
import { declareParking } from './compiled.ts'
import { enter } from './frame.ts'
import { park, parkable } from './park.ts'
import { type GreenBody, state } from './state.ts'

/** Runs the body of the module that a program starts with: as the main task. */
export function main(body: GreenBody): unknown {
  const start = declareParking(function main(): unknown {
    const announced = state.next
    state.next = 0
    return enter(announced, 0, body)
  })
  return machine.task === null ? void run(start).then() : start()
}

/** What `await value` is in that body. */
export const waitFor = parkable(function waitFor(value: unknown): unknown {
  return park(wait(Promise.resolve(value)))
})
