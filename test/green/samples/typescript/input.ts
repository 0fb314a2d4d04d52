import type { T } from './t.ts'
export function f<A extends T>(this: void, a: A, b?: number): number {
  return get<A>(a) as number + (b!)
}
abstract class C<X> {
  declare private y: X
  constructor(x?: X) { get(x satisfies unknown) }
}
