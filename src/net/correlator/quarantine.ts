import { currentLoop } from '../../core/index.ts'
import { Alarm } from '../pool/alarm.ts'

/** Ids of cancelled requests whose late reply may yet come, for at most `ms` milliseconds each. */
export class Quarantine {
  /** Since when; the oldest first. */
  readonly #ids = new Map<unknown, number>()
  readonly #alarm = new Alarm(() => this.#expire())
  readonly #ms: number
  readonly #free: (id: unknown) => void

  /** `free` is called with each id whose time is over. */
  constructor(ms: number, free: (id: unknown) => void) {
    this.#ms = ms
    this.#free = free
  }

  get size(): number {
    return this.#ids.size
  }

  has(id: unknown): boolean {
    return this.#ids.has(id)
  }

  /** False if there is no quarantine: then the id is free. */
  add(id: unknown): boolean {
    if (this.#ms === 0) return false
    const now = currentLoop().now()
    this.#ids.set(id, now)
    this.#alarm.set(now + this.#ms)
    return true
  }

  /** The late reply has come. False if none was due. */
  end(id: unknown): boolean {
    return this.#ids.delete(id)
  }

  clear(): void {
    this.#ids.clear()
    this.#alarm.stop()
  }

  #expire(): void {
    const now = currentLoop().now()
    for (const [id, since] of this.#ids) {
      if (now < since + this.#ms) return this.#alarm.set(since + this.#ms)
      this.#ids.delete(id)
      this.#free(id)
    }
  }
}
