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
 *  3. A search goes on where the last one for the same delimiter stopped: a byte is looked at once, not once per chunk. Two
 *     searches are remembered, for those who look for either of two ends.
 *
 * There is no limit on what it keeps: it cannot know how much is too much. A framing does, and refuses a message that is
 * too long before it has all come; a stream lets its peer wait while nobody reads. So what is kept is bounded by the
 * longest message that is allowed, and a chunk; the storage, by twice that.
 *
 * Prior art: h11's receive buffer (https://github.com/python-hyper/h11/blob/master/h11/_receivebuffer.py).
 */

/** Nothing smaller is allocated for a rest that waits for more. */
const SMALLEST = 512
/** Below this many bytes a loop finds a byte sooner than the call of the built-in takes. */
const NEAR = 64

/**
 * What has come and was not yet taken. `B` is the kind of its chunks: what is taken from a buffer of Node's `Buffer`s is
 * a `Buffer`, and a framing, which asks for a `ReceiveBuffer` of any bytes, takes from that too.
 */
export class ReceiveBuffer<B extends Uint8Array = Uint8Array> {
  private readonly allocate: (size: number) => B
  private readonly none: B
  private bytes: B
  private start = 0
  private end = 0
  /** No occurrence of `searchedFor` begins in `start … searched`, nor one of `soughtBefore` in `start … searchedBefore`. */
  private searchedFor: Uint8Array | null = null
  private searched = 0
  private soughtBefore: Uint8Array | null = null
  private searchedBefore = 0

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
    if (this.start === this.end) return this.adopt(chunk)
    if (this.end + chunk.length > this.bytes.length) {
      const { bytes, start } = this
      const rest = bytes.subarray(start, this.end)
      this.bytes = this.allocate(Math.max(SMALLEST, 2 * (rest.length + chunk.length)))
      this.bytes.set(rest)
      this.start = 0
      this.end = rest.length
      this.searched -= start
      this.searchedBefore -= start
    }
    this.bytes.set(chunk, this.end)
    this.end += chunk.length
  }

  /**
   * Puts bytes back in front of what is here; they belong to the buffer again. Those that were taken last cost nothing,
   * any others a copy of all that is here.
   */
  unread(bytes: B): void {
    const rest = this.length
    if (rest === 0) return this.adopt(bytes)
    this.forgetSearches()
    if (this.endsAtStart(bytes)) {
      this.start -= bytes.length
      return
    }
    const storage = this.allocate(bytes.length + rest)
    storage.set(bytes)
    storage.set(this.view(rest), bytes.length)
    this.adopt(storage)
  }

  /** How many bytes come before the first `delimiter`; -1 if it is not here yet. */
  find(delimiter: Uint8Array): number {
    if (this.searchedFor !== delimiter) this.recallSearch(delimiter)
    const from = Math.max(this.searched, this.start)
    const at = indexOf(this.bytes, delimiter, from, this.end)
    // Not found: its beginning may be here already.
    this.searched = at < 0 ? Math.max(from, this.end - delimiter.length + 1) : at
    return at < 0 ? -1 : at - this.start
  }

  /** The byte at `offset`. */
  at(offset: number): number {
    if (!(offset >= 0 && offset < this.end - this.start)) throw this.notHere(offset)
    return this.bytes[this.start + offset] as number
  }

  /** Takes the first `count` bytes, as a view that nobody writes to any more. */
  take(count: number): B {
    const taken = this.view(count)
    this.drop(count)
    return taken
  }

  /** The first `count` bytes, as a view; all if left out. Takes nothing. */
  view(count: number = this.length): B {
    const { bytes, start } = this
    this.need(count)
    return count === bytes.length ? bytes : (bytes.subarray(start, start + count) as B)
  }

  /** What `decode` makes of the first `count` bytes. Takes nothing, and costs no view. */
  peek<T>(count: number, decode: (bytes: B, start: number, end: number) => T): T {
    this.need(count)
    return decode(this.bytes, this.start, this.start + count)
  }

  /** Drops the first `count` bytes. */
  skip(count: number): void {
    this.need(count)
    this.drop(count)
  }

  /** Drops all. */
  clear(): void {
    this.adopt(this.none)
  }

  private drop(count: number): void {
    this.start += count
    // Let go of the storage: a stream that is idle keeps nothing.
    if (this.start === this.end) this.clear()
  }

  private adopt(bytes: B): void {
    this.bytes = bytes
    this.start = 0
    this.end = bytes.length
    this.forgetSearches()
  }

  /** Whether it is the very storage that lies before `start`. */
  private endsAtStart(bytes: B): boolean {
    return (
      bytes.length <= this.start &&
      bytes.buffer === this.bytes.buffer &&
      bytes.byteOffset + bytes.length === this.bytes.byteOffset + this.start
    )
  }

  private recallSearch(delimiter: Uint8Array): void {
    if (delimiter.length === 0) throw new RangeError('a delimiter of no bytes separates nothing')
    const { searchedFor, searched } = this
    this.searched = this.soughtBefore === delimiter ? this.searchedBefore : this.start
    this.searchedFor = delimiter
    this.soughtBefore = searchedFor
    this.searchedBefore = searched
  }

  private forgetSearches(): void {
    this.searchedFor = null
    this.soughtBefore = null
  }

  private need(count: number): void {
    if (!(count >= 0 && count <= this.end - this.start && Math.floor(count) === count)) throw this.notHere(count)
  }

  private notHere(count: number): RangeError {
    return new RangeError(`${count} is not within the ${this.length} bytes that are here: ask for \`length\` first`)
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
