/** Exactly the same type: unlike mutual assignability, it tells `any` from `unknown`, and optional from undefined. */
export type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false

/** Compiles only for true: `export type Cases = [Expect<Equal<typeof x, number>>]`. */
export type Expect<T extends true> = T
