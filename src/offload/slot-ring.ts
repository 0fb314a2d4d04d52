const HEAD = 0
const TAIL = 1
const KNOCKED = 2
const CONTROL = 4

/**
 * Numbers of slots on their way from one thread to another, in memory that both share, and whether the other was told to look.
 * It need not be told for each: not while it has not looked since it was told last.
 *
 *     here:  ring[head], head + 1;  knock if nobody has        there:  knocked = 0, then read the ring up to head
 *
 * The order on the reading side matters: what is entered after `knocked = 0` brings a knock of its own.
 *
 * Atomic reads and writes are calls to V8, of some 30 ns each, so there are only those which put the others in order: what is written
 * before `head` is set is there for whoever has read that `head`.
 */
export class SlotRing {
  private readonly control: Int32Array
  private readonly ring: Int32Array
  /** Masks a place in the ring, which counts up and wraps round. */
  private readonly mask: number
  /** The reader's place. */
  private tail = 0

  /** How many bytes a ring of this length takes; a multiple of 8. */
  static bytes(length: number): number {
    return 4 * (CONTROL + length)
  }

  /** `length` is a power of two, `offset` a multiple of 4. */
  constructor(memory: SharedArrayBuffer, offset: number, length: number) {
    this.control = new Int32Array(memory, offset, CONTROL)
    this.ring = new Int32Array(memory, offset + 4 * CONTROL, length)
    this.mask = length - 1
  }

  // -- who enters

  /** True if there is no room. What is seen of the reader's place may be old: then the ring looks fuller than it is. */
  get full(): boolean {
    return (((this.control[HEAD] as number) - (this.control[TAIL] as number)) | 0) > this.mask
  }

  enter(slot: number): void {
    const head = this.control[HEAD] as number
    this.ring[head & this.mask] = slot
    Atomics.store(this.control, HEAD, (head + 1) | 0)
  }

  /** True if the reader must be told to look. */
  mustKnock(): boolean {
    return Atomics.exchange(this.control, KNOCKED, 1) === 0
  }

  // -- who reads

  /** To be called before reading. Gives how many can be taken: what is entered from now on brings a knock of its own. */
  answerKnock(): number {
    Atomics.store(this.control, KNOCKED, 0)
    return (Atomics.load(this.control, HEAD) - this.tail) | 0
  }

  /** The next one; there must be one. */
  take(): number {
    const slot = this.ring[this.tail & this.mask] as number
    this.tail = (this.tail + 1) | 0
    this.control[TAIL] = this.tail
    return slot
  }
}
