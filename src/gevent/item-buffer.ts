import { Fifo } from '../core/index.ts'
import { Heap } from '../sync/index.ts'

/** Where items wait to be taken. */
export interface ItemBuffer<T> {
  readonly length: number
  /** What comes out next; it stays. */
  peek(): T | undefined
  push(item: T): void
  shift(): T | undefined
}

class Stack<T> implements ItemBuffer<T> {
  private readonly items: T[] = []

  get length(): number {
    return this.items.length
  }

  peek(): T | undefined {
    return this.items.at(-1)
  }

  push(item: T): void {
    this.items.push(item)
  }

  shift(): T | undefined {
    return this.items.pop()
  }
}

/** The first in comes out first, or the last in, or the smallest. */
export function bufferFor<T>(order: 'fifo' | 'lifo' | ((a: T, b: T) => number)): ItemBuffer<T> {
  if (order === 'fifo') return new Fifo<T>()
  return order === 'lifo' ? new Stack<T>() : new Heap<T>(order)
}

/** The order that Python gives to numbers, texts and tuples: tuples by their first items that differ. */
export function naturally(a: unknown, b: unknown): number {
  if (Array.isArray(a) && Array.isArray(b)) {
    for (let i = 0; i < a.length && i < b.length; i++) {
      const order = naturally(a[i], b[i])
      if (order !== 0) return order
    }
    return a.length - b.length
  }
  return (a as number) < (b as number) ? -1 : (a as number) > (b as number) ? 1 : 0
}
