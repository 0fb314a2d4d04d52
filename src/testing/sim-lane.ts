import type { Timer, TimerBucket } from '../core/index.ts'
import type { SimLink } from './sim-link.ts'
import type { SimMedium } from './sim-medium.ts'
import { type SimPacket, SimPackets } from './sim-packet.ts'

/**
 * One direction of one connection: packets on the way. One timer, that of the first, serves them all: so they stay in
 * order, and one that is faster arrives right behind the one before it.
 *
 * While the link is cut they stay here, and once it is not they are on the way anew, as if sent again.
 */
export class SimLane implements Timer {
  bucket: TimerBucket | null = null
  index = 0
  /** Nothing gets through. */
  cut = false
  /** What is on the way. */
  readonly packets = new SimPackets()
  private readonly medium: SimMedium
  private readonly link: SimLink
  private readonly deliver: (packet: SimPacket) => void

  constructor(medium: SimMedium, link: SimLink, deliver: (packet: SimPacket) => void) {
    this.medium = medium
    this.link = link
    this.deliver = deliver
    this.cut = medium.isCut(link)
  }

  send(packet: SimPacket): void {
    const first = this.packets.first === null
    this.packets.push(packet)
    if (this.cut) return
    this.time(packet)
    if (first) this.arm()
  }

  /** Looks whether the link is cut now. */
  refresh(): void {
    const { cut } = this
    this.cut = this.medium.isCut(this.link)
    if (this.cut === cut) return
    this.disarm()
    if (this.cut) return
    for (const packet of this.packets) this.time(packet)
    this.arm()
  }

  clear(): void {
    this.packets.clear()
    this.disarm()
  }

  private time(packet: SimPacket): void {
    const { now, random, options } = this.medium
    packet.at = this.link.arrival(now, packet.data?.length ?? 0, random, options.retransmitMs)
  }

  private arm(): void {
    const { first } = this.packets
    if (first === null) return
    const { host, now } = this.medium
    if (this.bucket !== null) return
    if (first.at > now) host.testLoop.startSimulated(this, first.at - now)
    else host.soon.add(this)
  }

  private disarm(): void {
    this.bucket?.loop.stopTimer(this)
    this.medium.host.soon.delete(this)
  }

  /**
   * The first has arrived, and others that are due come with it; but bytes may come apart from what is before them, as
   * chance has it.
   */
  fire(): void {
    const { first } = this.packets
    if (first === null || this.cut) return
    // The sum of now and the rest may be a little off.
    const now = Math.max(this.medium.now, first.at)
    const here = (packet: SimPacket | null): packet is SimPacket =>
      packet !== null &&
      packet.at <= now &&
      (packet.kind !== 'data' || !this.medium.random.chance(this.medium.options.fragment))
    do {
      const packet = this.packets.shift() as SimPacket
      if (packet.data !== null) this.join(packet, here)
      this.deliver(packet)
    } while (!this.cut && here(this.packets.first))
    if (!this.cut) this.arm()
  }

  /** Bytes that come together are read together. */
  private join(packet: SimPacket, here: (packet: SimPacket | null) => boolean): void {
    const { packets } = this
    const data = [packet.data as Buffer]
    while (packets.first?.kind === 'data' && here(packets.first)) {
      const next = packets.shift() as SimPacket
      data.push(next.data as Buffer)
      packet.count += next.count
    }
    if (data.length > 1) packet.data = Buffer.concat(data)
  }
}
