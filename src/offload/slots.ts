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
 * Plain values (numbers, short texts, nothing) are left in the slot: the arguments of a call, and after it in the same place its
 * result. What is left is entered in a ring, `sent` one way and `ended` the other, and a message (a knock) is needed only while
 * the other side has no earlier one to look after. To clone even a small array costs a twentieth of a hop, and a third where many
 * calls are on their way.
 *
 * A result can be read as soon as it is entered, whatever the worker does next: were results held back to be sent together,
 * one call that takes longer than was thought would keep those of all before it.
 *
 * A call that was taken back leaves its slot in the ring. The slot may have another call by the time the worker comes upon it: one
 * that was left there as well, which then begins a little early, and is passed over at its own place; or one that goes by
 * message (`APART`), which is not begun by way of the ring.
 *
 * Each side writes only what is its own: the pool posts and takes back, the worker begins and ends.
 *
 * Neither side sleeps on this memory (`Atomics.wait`), or spins for a while before it goes back to its loop. Both were
 * measured: two threads that take turns share a core as long as each sleeps in its loop, and to be awake on two cores at once
 * makes a hop a third slower; a worker asleep on memory runs none of its promises besides.
 */
import { PlainValues } from './plain-values.ts'
import { SlotRing } from './slot-ring.ts'

export const SLOTS = 256

/** In place of the flags of a call whose arguments are not in its slot. */
const APART = -1
/** Added to the micros of a call that waited for something, which are never negative: -1 - micros. */
const late = (micros: number): number => -1 - micros

const valueBytes = PlainValues.bytes(SLOTS)
const ringBytes = SlotRing.bytes(SLOTS)
const bytes = valueBytes + 2 * ringBytes + SLOTS * (8 + 4 * 4)

export class Slots {
  readonly memory: SharedArrayBuffer
  /** Slots with calls for the worker. */
  readonly sent: SlotRing
  /** Slots with results for the pool. */
  readonly ended: SlotRing
  private readonly values: PlainValues
  private readonly micros: Float64Array
  private readonly states: Int32Array
  /** Ids of calls that were asked to end. */
  private readonly asked: Int32Array
  private readonly flags: Int32Array
  private readonly counts: Int32Array

  /** Without `memory` it is made. */
  constructor(memory: SharedArrayBuffer = new SharedArrayBuffer(bytes)) {
    this.memory = memory
    let at = 0
    const next = (size: number): number => (at += size) - size
    this.values = new PlainValues(memory, next(valueBytes), SLOTS)
    this.sent = new SlotRing(memory, next(ringBytes), SLOTS)
    this.ended = new SlotRing(memory, next(ringBytes), SLOTS)
    this.micros = new Float64Array(memory, next(8 * SLOTS), SLOTS)
    const ints = (): Int32Array => new Int32Array(memory, next(4 * SLOTS), SLOTS)
    this.states = ints()
    this.asked = ints()
    this.flags = ints()
    this.counts = ints()
  }

  // -- the pool's side

  post(slot: number, id: number): void {
    this.flags[slot] = APART
    Atomics.store(this.states, slot, id)
  }

  /** Leaves the arguments of a call that was posted, and enters it. False if they cannot be left: it is to go by message. */
  send(slot: number, flags: number, args: readonly unknown[]): boolean {
    if (flags < 0 || this.sent.full || !this.values.write(slot, args)) return false
    this.counts[slot] = args.length
    Atomics.store(this.flags, slot, flags)
    this.sent.enter(slot)
    return true
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

  /** The result that was left there. */
  resultIn(slot: number): unknown {
    return this.values.readOne(slot)
  }

  /** True if that call waited for something. */
  wasLate(slot: number): boolean {
    return (this.micros[slot] as number) < 0
  }

  /** How long that call ran, in µs. */
  microsIn(slot: number): number {
    const micros = this.micros[slot] as number
    return micros < 0 ? late(micros) : micros
  }

  // -- the worker's side

  /** True if the call is still to be run. */
  begin(slot: number, id: number): boolean {
    return Atomics.compareExchange(this.states, slot, id, -id) === id
  }

  /** Begins the call that was left in a slot. Gives its id, or 0 if there is none to be run. */
  beginSent(slot: number): number {
    const id = this.states[slot] as number
    // The flags tell, atomically, that the arguments are there: the slot may be that of a later call.
    return id > 0 && Atomics.load(this.flags, slot) !== APART && this.begin(slot, id) ? id : 0
  }

  /** The flags of a call that was begun so. */
  flagsIn(slot: number): number {
    return this.flags[slot] as number
  }

  argumentsIn(slot: number): unknown[] {
    return this.values.read(slot, this.counts[slot] as number)
  }

  isAsked(slot: number, id: number): boolean {
    return Atomics.load(this.asked, slot) === id
  }

  /** The call has ended; what came of it goes in a message. */
  end(slot: number): void {
    Atomics.store(this.states, slot, 0)
  }

  /** Leaves the result of a call, which has ended, in its slot. False if it is none that can be left there. */
  leave(slot: number, result: unknown, micros: number, wasLate: boolean): boolean {
    if (!this.values.writeOne(slot, result)) return false
    this.micros[slot] = wasLate ? late(micros) : micros
    Atomics.store(this.states, slot, 0)
    this.ended.enter(slot)
    return true
  }
}
