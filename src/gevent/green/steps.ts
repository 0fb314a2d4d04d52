import type { Operation } from '../../core/index.ts'
import { mapped, thingOf } from '../../green/index.ts'
import { park, parkable } from '../../green/runtime/index.ts'

/** What comes one by one. */
interface Source<T> {
  next(): Operation<IteratorResult<T, undefined>>
  close?(): void
}

/** Goes through a source in a `for…of` of green code: each step parks; leaving the loop closes it. */
export class Steps<T> implements IterableIterator<T, undefined> {
  readonly next: () => IteratorResult<T, undefined>
  private readonly source: Source<unknown>

  constructor(source: Source<unknown>, faceFor: (item: unknown) => T) {
    this.source = source
    this.next = parkable(function next() {
      return park(
        mapped(source.next(), (step) => (step.done === true ? step : { ...step, value: faceFor(step.value) })),
      )
    }) as () => IteratorResult<T, undefined>
  }

  return(): IteratorResult<T, undefined> {
    this.source.close?.()
    return { value: undefined, done: true }
  }

  [Symbol.iterator](): this {
    return this
  }
}

/** Gives a class of faces the iterator that `for…of` asks for. */
export function iterable<F extends abstract new (...args: never[]) => object>(
  face: F,
  faceFor: (item: unknown) => unknown,
): F {
  const value = parkable(function iterator(this: unknown) {
    return new Steps(thingOf(this) as Source<unknown>, faceFor)
  })
  Object.defineProperty(face.prototype, Symbol.iterator, { value, configurable: true, writable: true })
  return face
}
