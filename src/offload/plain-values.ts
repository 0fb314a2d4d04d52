/** The most values that a slot holds. */
const MOST = 4
/** Room for the texts of a slot, all together. */
const ROOM = 64
/** Texts are noted as `where * WHERE + length`. */
const WHERE = 2 * ROOM

const UNDEFINED = 0
const NULL = 1
const FALSE = 2
const TRUE = 3
const NUMBER = 4
const TEXT = 5

/** Numbers, short texts, true, false, null and undefined, some to a slot, in memory that two threads share. */
export class PlainValues {
  private readonly numbers: Float64Array
  private readonly texts: Uint16Array
  private readonly tags: Uint8Array

  /** How many bytes so many slots take; a multiple of 8. */
  static bytes(slots: number): number {
    return slots * (8 * MOST + 2 * ROOM) + 8 * Math.ceil((slots * MOST) / 8)
  }

  /** `offset` is a multiple of 8. */
  constructor(memory: SharedArrayBuffer, offset: number, slots: number) {
    this.numbers = new Float64Array(memory, offset, slots * MOST)
    this.texts = new Uint16Array(memory, offset + slots * MOST * 8, slots * ROOM)
    this.tags = new Uint8Array(memory, offset + slots * (MOST * 8 + ROOM * 2), slots * MOST)
  }

  /** Leaves values in a slot. False if they are too many, or not all plain and short. */
  write(slot: number, values: readonly unknown[]): boolean {
    const { length } = values
    if (length > MOST) return false
    let used = 0
    for (let index = 0; index < length; index++) {
      used = this.put(slot, index, values[index], used)
      if (used < 0) return false
    }
    return true
  }

  read(slot: number, count: number): unknown[] {
    const values: unknown[] = []
    for (let index = 0; index < count; index++) values.push(this.get(slot, index))
    return values
  }

  writeOne(slot: number, value: unknown): boolean {
    return this.put(slot, 0, value, 0) >= 0
  }

  readOne(slot: number): unknown {
    return this.get(slot, 0)
  }

  /** `used`: how much of the slot's room for texts is taken. Gives how much is then, or -1 if the value cannot be left. */
  private put(slot: number, index: number, value: unknown, used: number): number {
    const at = slot * MOST + index
    switch (typeof value) {
      case 'number':
        this.tags[at] = NUMBER
        this.numbers[at] = value
        return used
      case 'undefined':
        this.tags[at] = UNDEFINED
        return used
      case 'boolean':
        this.tags[at] = value ? TRUE : FALSE
        return used
      case 'string': {
        const { length } = value
        if (used + length > ROOM) return -1
        this.tags[at] = TEXT
        this.numbers[at] = used * WHERE + length
        for (let i = 0, to = slot * ROOM + used; i < length; i++) this.texts[to + i] = value.charCodeAt(i)
        return used + length
      }
      default:
        if (value !== null) return -1
        this.tags[at] = NULL
        return used
    }
  }

  private get(slot: number, index: number): unknown {
    const at = slot * MOST + index
    switch (this.tags[at]) {
      case NULL:
        return null
      case FALSE:
        return false
      case TRUE:
        return true
      case NUMBER:
        return this.numbers[at]
      case TEXT: {
        const noted = this.numbers[at] as number
        const start = slot * ROOM + Math.floor(noted / WHERE)
        return String.fromCharCode(...this.texts.subarray(start, start + (noted % WHERE)))
      }
      default:
        return undefined
    }
  }
}
