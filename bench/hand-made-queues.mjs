import { PARKED } from './bare.mjs'

/** First in, first out, without the moving of all elements that `Array.shift` does. */
class Items {
  #items = []
  #head = 0

  get length() {
    return this.#items.length - this.#head
  }

  push(item) {
    this.#items.push(item)
  }

  shift() {
    const item = this.#items[this.#head]
    this.#items[this.#head++] = undefined
    if (this.#head === this.#items.length) {
      this.#items.length = 0
      this.#head = 0
    }
    return item
  }
}

/** What people write by hand: a queue whose `get`, and `put` when it is full, give promises. */
export class PromiseQueue {
  #items = new Items()
  #getters = new Items()
  #putters = new Items()
  #capacity

  constructor(capacity = Number.POSITIVE_INFINITY) {
    this.#capacity = capacity
  }

  /** @returns {Promise<void> | undefined} */
  put(item) {
    if (this.#getters.length > 0) this.#getters.shift()(item)
    else if (this.#items.length < this.#capacity) this.#items.push(item)
    else return new Promise((resolve) => this.#putters.push({ item, resolve }))
  }

  /** @returns {Promise<unknown>} */
  get() {
    if (this.#items.length === 0) return new Promise((resolve) => this.#getters.push(resolve))
    const item = this.#items.shift()
    if (this.#putters.length > 0) {
      const putter = this.#putters.shift()
      this.#items.push(putter.item)
      putter.resolve()
    }
    return Promise.resolve(item)
  }
}

/** The same for tasks of the bare loop: `while (queue.isFull) yield queue.waitToPut()`, then `push`. */
export class BareQueue {
  #loop
  #items = new Items()
  #capacity
  #getter
  #putter

  constructor(loop, capacity = Number.POSITIVE_INFINITY) {
    this.#loop = loop
    this.#capacity = capacity
  }

  get isFull() {
    return this.#items.length >= this.#capacity
  }

  get isEmpty() {
    return this.#items.length === 0
  }

  waitToPut() {
    this.#putter = this.#loop.current
    return PARKED
  }

  waitToGet() {
    this.#getter = this.#loop.current
    return PARKED
  }

  push(item) {
    this.#items.push(item)
    if (this.#getter === undefined) return
    this.#loop.wake(this.#getter)
    this.#getter = undefined
  }

  shift() {
    if (this.#putter !== undefined) {
      this.#loop.wake(this.#putter)
      this.#putter = undefined
    }
    return this.#items.shift()
  }
}
