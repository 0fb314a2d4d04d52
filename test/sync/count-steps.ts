import { addInstrument } from '../../src/index.ts'

/** How many steps all tasks took while `body` ran. */
export function countSteps(body: () => void): number {
  let steps = 0
  const remove = addInstrument({ stepBegins: () => void steps++ })
  try {
    body()
  } finally {
    remove()
  }
  return steps
}
