/**
 * Theory of operation: bytes that have come and were not yet taken, in one piece of storage.
 *
 *        start             searched           end          capacity
 *          ▼                  ▼                ▼               ▼
 *   ┌──────┬──────────────────┬────────────────┬───────────────┐
 *   │ gone │ no delimiter here│ not looked at  │ free          │
 *   └──────┴──────────────────┴────────────────┴───────────────┘
 *
 * Rules.
 *  1. A chunk that comes while nothing is left is adopted as it is, with no free part: whole messages are never copied. Only
 *     when a rest is left do rest and chunk go into storage of our own, at least twice their size: so a byte is copied a bounded number
 *     of times on the average, however small the chunks are.
 *  2. What was handed out is a view of the storage. Bytes before `start` are therefore never written again: storage that
 *     is full is replaced, not moved together.
 *  3. A search goes on where the last one for the same delimiter stopped: a byte is looked at once, not once per chunk.
 *
 * Prior art: h11's receive buffer (https://github.com/python-hyper/h11/blob/master/h11/_receivebuffer.py).
 */

/** Nothing smaller is allocated for a rest that waits for more. */
const SMALLEST = 512
/** Below this many bytes a loop finds a byte sooner than the call of the built-in takes. */
const NEAR = 64

export class ReceiveBuffer<B extends Uint8Array = Uint8Array> {
  private readonly allocate: (size: number) => B
  private readonly none: B
  private bytes: B
  private start = 0
  private end = 0
  /** No occurrence of `searchedFor` begins in `start … searched`. */
  private searched = 0
  private searchedFor: Uint8Array | null = null

  /** `allocate` makes storage, which need not be zeroed; what is taken is a view of it. */
  constructor(allocate: (size: number) => B = (size) => new Uint8Array(size) as unknown as B) {
    this.allocate = allocate
    this.none = allocate(0)
    this.bytes = this.none
  }

  /** How many bytes are here. */
  get length(): number {
    return this.end - this.start
  }

  /** Adds what came. The chunk belongs to the buffer from now on: nobody may write to it. */
  push(chunk: B): void {
    if (this.start === this.end) {
      this.replace(chunk, chunk.length)
      return
    }
    if (this.end + chunk.length > this.bytes.length) {
      const rest = this.bytes.subarray(this.start, this.end)
      const searched = this.searched - this.start
      const storage = this.allocate(Math.max(SMALLEST, 2 * (rest.length + chunk.length)))
      storage.set(rest)
      const searchedFor = this.searchedFor
      this.replace(storage, rest.length)
      this.searchedFor = searchedFor
      this.searched = searched
    }
    this.bytes.set(chunk, this.end)
    this.end += chunk.length
  }

  /** How many bytes come before the first `delimiter`; -1 if it is not here yet. */
  find(delimiter: Uint8Array): number {
    if (this.searchedFor !== delimiter || this.searched < this.start) {
      this.searchedFor = delimiter
      this.searched = this.start
    }
    const at = indexOf(this.bytes, delimiter, this.searched, this.end)
    // Not found: its beginning may be here already.
    this.searched = at < 0 ? Math.max(this.searched, this.end - delimiter.length + 1) : at
    return at < 0 ? -1 : at - this.start
  }

  /** The byte at `offset`, which must be less than `length`. */
  at(offset: number): number {
    return this.bytes[this.start + offset] as number
  }

  /** Takes the first `count` bytes, at most `length`, as a view that nobody writes to any more. */
  take(count: number): B {
    const { bytes, start } = this
    this.skip(count)
    return count === bytes.length ? bytes : (bytes.subarray(start, start + count) as B)
  }

  /** What `decode` makes of the first `count` bytes. Takes nothing, and costs no view. */
  peek<T>(count: number, decode: (bytes: B, start: number, end: number) => T): T {
    return decode(this.bytes, this.start, this.start + count)
  }

  /** Drops the first `count` bytes, at most `length`. */
  skip(count: number): void {
    this.start += count
    // Let go of the storage, so that the next chunk is adopted.
    if (this.start === this.end) this.clear()
  }

  /** Drops all. */
  clear(): void {
    this.replace(this.none, 0)
  }

  private replace(bytes: B, length: number): void {
    this.bytes = bytes
    this.start = 0
    this.end = length
    this.searchedFor = null
  }
}

/** Where `sought` first lies in `bytes` from `from`, all of it before `end`; -1 if nowhere. */
function indexOf(bytes: Uint8Array, sought: Uint8Array, from: number, end: number): number {
  const first = sought[0] as number
  const last = end - sought.length
  for (let at = from; ; at++) {
    at = indexOfByte(bytes, first, at, last + 1)
    if (at < 0) return -1
    let matching = 1
    while (matching < sought.length && bytes[at + matching] === sought[matching]) matching++
    if (matching === sought.length) return at
  }
}

function indexOfByte(bytes: Uint8Array, byte: number, from: number, end: number): number {
  const near = Math.min(end, from + NEAR)
  for (let at = from; at < near; at++) if (bytes[at] === byte) return at
  if (near >= end) return -1
  // Not beyond `end`: free storage may be as long again, and would be searched for every chunk.
  const at = bytes.subarray(near, end).indexOf(byte)
  return at < 0 ? -1 : near + at
}
