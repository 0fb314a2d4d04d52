import { suspend } from '../../core/index.ts'
import { canPark, park, parkable } from '../runtime/index.ts'
import { type AnyFunction, swap, type Told } from './swap.ts'

type Waited = 'ok' | 'not-equal' | 'timed-out'
type Shared = Int32Array<SharedArrayBuffer>
/** Not in the `lib` of TypeScript that belongs to Node 20, but in Node 20. */
type WaitAsync = (
  array: Shared,
  index: number,
  value: number,
  timeout?: number,
) => { readonly async: true; readonly value: Promise<Waited> } | { readonly async: false; readonly value: Waited }

/**
 * Patches `Atomics.wait`, by `Atomics.waitAsync`. That cannot be undone: a waiter that was given up stays in line, and a
 * `notify` that it gets is passed on, so that none is lost.
 */
export function patchAtomics(told: Told): void {
  const { waitAsync } = Atomics as { waitAsync?: WaitAsync }
  if (waitAsync === undefined) return
  const make = (former: AnyFunction): AnyFunction =>
    parkable(function wait(this: unknown, ...args: unknown[]): unknown {
      if (!canPark()) return Reflect.apply(former, this, args)
      const [array, index] = args as [Shared, number]
      // Begins here and now: what is wrong is thrown, what is over is known, and no change is missed.
      const waiting = Reflect.apply(waitAsync, Atomics, args) as ReturnType<WaitAsync>
      if (!waiting.async) return waiting.value
      return park(
        suspend<Waited>(
          `Atomics.notify(…, ${index})`,
          (wake) => {
            // Nothing else keeps the process alive meanwhile.
            const hold = setInterval(() => {}, 2 ** 30)
            let dropped = false
            waiting.value.then((value) => {
              clearInterval(hold)
              if (!dropped) wake(value)
              else if (value === 'ok') Atomics.notify(array, index, 1)
            })
            return () => {
              dropped = true
              clearInterval(hold)
            }
          },
          { external: true },
        ),
      )
    })
  told('Atomics.wait', swap(Atomics, 'wait', make))
}
