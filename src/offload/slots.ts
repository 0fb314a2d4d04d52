/**
 * Theory of operation: memory that a pool shares with one worker. Each call that is out has a slot in it.
 *
 * The state of a slot says who has the call, so that the pool can take back what it sent and the worker has not begun:
 *
 *     posted: id ──worker: compare and exchange──▶ begun: -id ──worker──▶ ended: 0
 *          └────pool: compare and exchange─────▶ taken back: 0
 *
 * A slot is given to another call as soon as the pool knows that the first is over. Ids differ, so a worker that comes upon
 * a call which was taken back finds another number there, and passes it over.
 *
 * A plain result (a number, a short text, nothing) is left in the slot, and the slot is entered in a ring of those that have
 * ended. It can be read from then on, whatever the worker does next: were results held back to be sent together, one
 * call that takes longer than was thought would keep those of all before it. So the worker need not send a message for each
 * result, only a knock, and none while an earlier knock has not been answered.
 *
 *     worker:  result, ring[head], head + 1;  knock if nobody has        pool:  knocked = 0, then read ring up to head
 *
 * The order on the pool's side matters: what is entered after `knocked = 0` brings a knock of its own.
 *
 * Each side writes only what is its own: the pool posts and takes back, the worker begins and ends.
 */
export const SLOTS = 256
/** Masks a place in the ring, which counts up and wraps round. */
const LAST = SLOTS - 1
/** Longer texts are sent like any other result. */
const LONGEST_TEXT = 64

const HEAD = 0
const KNOCKED = 1

const UNDEFINED = 0
const NULL = 1
const FALSE = 2
const TRUE = 3
const NUMBER = 4
const TEXT = 5
/** Added for a call that waited for something. */
const LATE = 8

const bytes = SLOTS * (8 + 8 + 4 + 4 + 4 + 4 + 2 * LONGEST_TEXT) + 8

export class Slots {
  readonly memory: SharedArrayBuffer
  private readonly results: Float64Array
  private readonly micros: Float64Array
  private readonly states: Int32Array
  private readonly ring: Int32Array
  private readonly tags: Int32Array
  /** Ids of calls that were asked to end. */
  private readonly asked: Int32Array
  private readonly control: Int32Array
  private readonly texts: Uint16Array
  /** The pool's place in the ring. */
  private tail = 0

  /** Without `memory` it is made. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(bytes)) {
    this.memory = memory
    this.results = new Float64Array(memory, 0, SLOTS)
    this.micros = new Float64Array(memory, SLOTS * 8, SLOTS)
    this.states = new Int32Array(memory, SLOTS * 16, SLOTS)
    this.ring = new Int32Array(memory, SLOTS * 20, SLOTS)
    this.tags = new Int32Array(memory, SLOTS * 24, SLOTS)
    this.asked = new Int32Array(memory, SLOTS * 28, SLOTS)
    this.control = new Int32Array(memory, SLOTS * 32, 2)
    this.texts = new Uint16Array(memory, SLOTS * 32 + 8, SLOTS * LONGEST_TEXT)
  }

  // -- the pool's side

  post(slot: number, id: number): void {
    Atomics.store(this.states, slot, id)
  }

  /** True if the call had not begun, and now never will. */
  takeBack(slot: number, id: number): boolean {
    return Atomics.compareExchange(this.states, slot, id, 0) === id
  }

  isRunning(slot: number, id: number): boolean {
    return Atomics.load(this.states, slot) === -id
  }

  /** Asks a call to end, which may be in the midst of a computation and read no message. */
  ask(slot: number, id: number): void {
    Atomics.store(this.asked, slot, id)
  }

  /** To be called before results are read. */
  answerKnock(): void {
    Atomics.store(this.control, KNOCKED, 0)
  }

  /** The next slot in which a result was left; -1 if there is none. */
  nextEnded(): number {
    if (this.tail === Atomics.load(this.control, HEAD)) return -1
    const slot = this.ring[this.tail & LAST] as number
    this.tail = (this.tail + 1) | 0
    return slot
  }

  /** The result that was left there. */
  resultIn(slot: number): unknown {
    switch ((this.tags[slot] as number) & ~LATE) {
      case NULL:
        return null
      case FALSE:
        return false
      case TRUE:
        return true
      case NUMBER:
        return this.results[slot]
      case TEXT: {
        const start = slot * LONGEST_TEXT
        return String.fromCharCode(...this.texts.subarray(start, start + (this.results[slot] as number)))
      }
      default:
        return undefined
    }
  }

  /** True if that call waited for something. */
  wasLate(slot: number): boolean {
    return ((this.tags[slot] as number) & LATE) !== 0
  }

  /** How long that call ran, in µs. */
  microsIn(slot: number): number {
    return this.micros[slot] as number
  }

  // -- the worker's side

  /** True if the call is still to be run. */
  begin(slot: number, id: number): boolean {
    return Atomics.compareExchange(this.states, slot, id, -id) === id
  }

  isAsked(slot: number, id: number): boolean {
    return Atomics.load(this.asked, slot) === id
  }

  /** The call has ended; what came of it goes in a message. */
  end(slot: number): void {
    Atomics.store(this.states, slot, 0)
  }

  /** Leaves the result of a call, which has ended, in its slot. False if it is none that can be left there. */
  leave(slot: number, result: unknown, micros: number, late: boolean): boolean {
    switch (typeof result) {
      case 'number':
        this.tags[slot] = NUMBER
        this.results[slot] = result
        break
      case 'undefined':
        this.tags[slot] = UNDEFINED
        break
      case 'boolean':
        this.tags[slot] = result ? TRUE : FALSE
        break
      case 'string':
        if (result.length > LONGEST_TEXT) return false
        this.tags[slot] = TEXT
        this.results[slot] = result.length
        for (let i = 0, at = slot * LONGEST_TEXT; i < result.length; i++) this.texts[at + i] = result.charCodeAt(i)
        break
      default:
        if (result !== null) return false
        this.tags[slot] = NULL
    }
    if (late) this.tags[slot] = (this.tags[slot] as number) | LATE
    this.micros[slot] = micros
    Atomics.store(this.states, slot, 0)
    const head = this.control[HEAD] as number
    this.ring[head & LAST] = slot
    Atomics.store(this.control, HEAD, (head + 1) | 0)
    return true
  }

  /** True if the pool must be told that results were left. */
  mustKnock(): boolean {
    return Atomics.exchange(this.control, KNOCKED, 1) === 0
  }
}
