import { machine, TaskLocal } from '../core/index.ts'

/** The class of which the object of one more greenlet is being made. */
let making: unknown = null

type Values = Record<PropertyKey, unknown>

/**
 * An object whose properties each greenlet has for itself. They are gone when the greenlet ends, also if somebody keeps the greenlet;
 * if the object has a method `[Symbol.dispose]` or `[Symbol.asyncDispose]`, that is called first, in the greenlet: so a
 * connection that is kept per greenlet cannot leak.
 *
 * The constructor of a subclass runs once more for each greenlet that uses it, with the arguments that it handed to `super`.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { joinall, local, sleep, spawn } from 'fibril/gevent'
 *
 * class Session extends local {
 *   user: string
 *   constructor(user: string) {
 *     super(user)
 *     this.user = user
 *   }
 *   [Symbol.dispose]() {
 *     console.log(`${this.user} left`)
 *   }
 * }
 * const session = new Session('nobody')
 * await run(function* () {
 *   const enter = (name: string) =>
 *     spawn(function* () {
 *       console.log(session.user)
 *       session.user = name
 *       yield* sleep(1)
 *     })
 *   yield* joinall([enter('Ada'), enter('Bob')])
 * })
 * // prints: nobody
 * // prints: nobody
 * // prints: Ada left
 * // prints: Bob left
 * ```
 */
export class local {
  constructor(...args: readonly unknown[]) {
    const type = new.target
    if (making === type) {
      making = null
      return
    }
    const perGreenlet = new TaskLocal<Values>({ create: () => make(type, args), dispose })
    let outside: Values | null = null
    const values = (): Values => {
      if (machine.task !== null) return perGreenlet.get()
      outside ??= make(type, args)
      return outside
    }
    // The constructor that runs now is that of this greenlet.
    const first = Object.create(type.prototype) as Values
    if (machine.task === null) outside = first
    else perGreenlet.set(first)
    // biome-ignore lint/correctness/noConstructorReturn: what looks at the values of whoever asks
    return new Proxy(first, handlerFor(values)) as unknown as this
  }
}

function make(type: new (...args: readonly unknown[]) => object, args: readonly unknown[]): Values {
  making = type
  try {
    return new type(...args) as Values
  } finally {
    making = null
  }
}

function dispose(values: Values): PromiseLike<void> | undefined {
  const object = values as Partial<Disposable & AsyncDisposable>
  if (Symbol.asyncDispose in object) return object[Symbol.asyncDispose]?.()
  object[Symbol.dispose]?.()
  return undefined
}

function handlerFor(values: () => Values): ProxyHandler<Values> {
  return {
    get: (_, key) => Reflect.get(values(), key),
    set: (_, key, value) => Reflect.set(values(), key, value),
    has: (_, key) => Reflect.has(values(), key),
    deleteProperty: (_, key) => Reflect.deleteProperty(values(), key),
    ownKeys: () => Reflect.ownKeys(values()),
    defineProperty: (_, key, descriptor) =>
      Reflect.defineProperty(values(), key, { ...descriptor, configurable: true }),
    getOwnPropertyDescriptor: (_, key) => Reflect.getOwnPropertyDescriptor(values(), key),
    getPrototypeOf: () => Object.getPrototypeOf(values()),
  }
}
