import { Fifo, UsageError } from '../core/index.ts'
import { Heap } from './heap.ts'

/** Which item is taken next: the one that came first, the one that came last, or the smallest. */
export type Order<T> = 'fifo' | 'lifo' | ((a: T, b: T) => number)

/** Where items wait to be taken. */
export interface Buffer<T> {
  readonly length: number
  push(item: T): void
  /** Takes the next one out. */
  shift(): T | undefined
}

class Stack<T> implements Buffer<T> {
  private readonly items: T[] = []

  get length(): number {
    return this.items.length
  }

  push(item: T): void {
    this.items.push(item)
  }

  shift(): T | undefined {
    return this.items.pop()
  }
}

export function bufferFor<T>(order: Order<T>): Buffer<T> {
  if (order === 'fifo') return new Fifo<T>()
  if (order === 'lifo') return new Stack<T>()
  if (typeof order === 'function') return new Heap<T>(order)
  throw new UsageError(
    `the order of a queue is 'fifo', 'lifo' or a function that compares two items, not ${String(order)}`,
  )
}

/** Where nothing is kept: items go from hand to hand. */
export const noBuffer: Buffer<never> = {
  length: 0,
  push() {},
  shift: () => undefined,
}
