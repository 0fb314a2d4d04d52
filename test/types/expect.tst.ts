// The ruler itself: were Equal to hold of everything, no other type test could fail.
import type { Equal, Expect } from './expect.ts'

export type Same = [
  Expect<Equal<number, number>>,
  Expect<Equal<{ a?: string }, { a?: string }>>,
  Expect<Equal<(x: 1) => 2, (x: 1) => 2>>,
  Expect<Equal<1 | 2, 2 | 1>>,
]

export type Different = [
  // @ts-expect-error
  Expect<Equal<number, string>>,
  // @ts-expect-error
  Expect<Equal<unknown, any>>,
  // @ts-expect-error
  Expect<Equal<number, any>>,
  // @ts-expect-error
  Expect<Equal<{ a?: string }, { a: string | undefined }>>,
  // @ts-expect-error
  Expect<Equal<{ a: string }, { readonly a: string }>>,
  // @ts-expect-error
  Expect<Equal<1, 1 | 2>>,
  // @ts-expect-error
  Expect<Equal<never, number>>,
]
