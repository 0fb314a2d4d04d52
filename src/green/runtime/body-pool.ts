import type { GreenBody } from './state.ts'

/**
 * When bodies are kept: `after` so many calls of a function, and `atMost` so many. A function that is called now and then has none,
 * so nothing of its last call stays alive with them. One that is called often is optimised, and then a body that has ended holds
 * nothing either; until it is, each may hold what its last call had in its variables.
 */
export const keeping = { after: 1000, atMost: 64 }

const none: GreenBody[] = []

/** Bodies of one function that have ended, and begin again when they are resumed. */
export class BodyPool {
  readonly make: () => GreenBody
  /** How many are kept; below 0: so many calls more until one is. */
  count: number
  private bodies: GreenBody[]

  constructor(make: () => GreenBody) {
    this.make = make
    this.count = -keeping.after
    this.bodies = none
  }

  take(): GreenBody {
    const { count, make, bodies } = this
    const last = count - 1
    if (last < 0) return make()
    const body = bodies[last] as GreenBody
    bodies[last] = null as never
    this.count = last
    return body
  }

  give(body: GreenBody): void {
    const { count, bodies } = this
    if (count < 0) this.count = count + 1
    else if (count < bodies.length) {
      bodies[count] = body
      this.count = count + 1
    } else this.grow(body)
  }

  private grow(body: GreenBody): void {
    if (this.count === keeping.atMost) return
    if (this.bodies === none) this.bodies = []
    this.bodies.push(body)
    this.count++
  }
}

/** Called where a function is first called. */
export function poolOf(make: () => GreenBody): BodyPool {
  return new BodyPool(make)
}
