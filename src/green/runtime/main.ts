import { machine, run } from '../../core/index.ts'
import { declareParking } from './compiled.ts'
import { enter, type GreenBody } from './frame.ts'
import { state } from './state.ts'

/** Runs the body of the CommonJS module that a program starts with: as the main task. */
export function main(body: GreenBody): unknown {
  const start = declareParking(function main(): unknown {
    const announced = state.next
    state.next = 0
    return enter(announced, 0, body)
  })
  return machine.task === null ? void run(start).then() : start()
}
