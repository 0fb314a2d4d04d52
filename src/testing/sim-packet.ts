/** As in TCP. An `ack` only acknowledges; the others may, too. */
export type SimPacketKind = 'syn' | 'synack' | 'ack' | 'data' | 'fin' | 'rst'

/** What travels in one piece. */
export class SimPacket {
  readonly kind: SimPacketKind
  data: Buffer | null
  /** How many packets of the sender this one stands for, each of which wants to be acknowledged. */
  count: number
  /** How many packets of the receiver it acknowledges. */
  readonly acked: number
  /** How many more bytes the sender has room for. */
  readonly room: number
  /** When it arrives. */
  at = 0
  /** The packet behind it. */
  next: SimPacket | null = null

  constructor(kind: SimPacketKind, data: Buffer | null, acked: number, room: number) {
    this.kind = kind
    this.data = data
    this.count = kind === 'ack' || kind === 'rst' ? 0 : 1
    this.acked = acked
    this.room = room
  }
}

/** Packets, first in, first out. */
export class SimPackets implements Iterable<SimPacket> {
  first: SimPacket | null = null
  count = 0
  /** Bytes of data in it. */
  bytes = 0
  private last: SimPacket | null = null

  push(packet: SimPacket): void {
    if (this.last === null) this.first = packet
    else this.last.next = packet
    this.last = packet
    this.count++
    this.bytes += packet.data?.length ?? 0
  }

  shift(): SimPacket | null {
    const packet = this.first
    if (packet === null) return null
    this.first = packet.next
    if (this.first === null) this.last = null
    packet.next = null
    this.count--
    this.bytes -= packet.data?.length ?? 0
    return packet
  }

  clear(): void {
    this.first = null
    this.last = null
    this.count = 0
    this.bytes = 0
  }

  *[Symbol.iterator](): Iterator<SimPacket> {
    for (let packet = this.first; packet !== null; packet = packet.next) yield packet
  }
}
