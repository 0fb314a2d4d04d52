// Counts the work that is done on bytes: time would tell of the machine.
import { ReceiveBuffer } from '../../src/protocol/index.ts'

export class Meter {
  /** Bytes that were read, one by one or by a search. */
  looked = 0
  /** Bytes that were written, of those that were there already. */
  copied = 0
  views = 0
  /** The sizes of the storage that was allocated. */
  readonly allocated: number[] = []
  private readonly targets = new WeakMap<object, Uint8Array>()

  /** A buffer whose storage is metered. */
  buffer(): ReceiveBuffer {
    return new ReceiveBuffer((size) => {
      this.allocated.push(size)
      return this.metered(new Uint8Array(size))
    })
  }

  /** The same bytes, each look at which counts. Only a proxy hears of `bytes[i]`. */
  metered(bytes: Uint8Array): Uint8Array {
    const methods = {
      subarray: (start: number, end: number) => {
        this.views++
        return this.metered(bytes.subarray(start, end))
      },
      indexOf: (byte: number, from = 0) => {
        const found = bytes.indexOf(byte, from)
        this.looked += (found < 0 ? bytes.length : found + 1) - from
        return found
      },
      [Symbol.iterator]: () => {
        this.looked += bytes.length
        return bytes[Symbol.iterator]()
      },
      set: (source: Uint8Array, offset = 0) => {
        this.copied += source.length
        bytes.set(this.targets.get(source) ?? source, offset)
      },
    }
    const proxy = new Proxy(bytes, {
      get: (_, key) => {
        if (typeof key === 'string' && /^\d+$/.test(key)) this.looked++
        return Reflect.get(Object.hasOwn(methods, key) ? methods : bytes, key)
      },
    })
    this.targets.set(proxy, bytes)
    return proxy
  }
}
