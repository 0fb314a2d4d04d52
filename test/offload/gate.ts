import { fn, type Operation, wait } from '../../src/index.ts'

/** Memory that the workers of a test share with it: they wait at it, and are counted. */
export class Gate {
  readonly memory = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT))

  /** Waits until so many have come. */
  readonly waitFor: (calls: number) => Operation<void> = fn(
    function* (this: Gate, calls: number) {
      while (Atomics.load(this.memory, 0) < calls) yield* wait(new Promise<void>((resolve) => setImmediate(resolve)))
    }.bind(this),
  )

  get arrived(): number {
    return Atomics.load(this.memory, 0)
  }

  get opened(): boolean {
    return Atomics.load(this.memory, 1) === 1
  }

  open(): void {
    Atomics.store(this.memory, 1, 1)
    Atomics.notify(this.memory, 1)
  }
}
