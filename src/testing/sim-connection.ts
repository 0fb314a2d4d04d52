import type { Address } from '../net/index.ts'
import { SimLane } from './sim-lane.ts'
import type { SimCircuit, SimMedium, SimPlace } from './sim-medium.ts'
import type { SimPackets } from './sim-packet.ts'
import { type SimCallee, type SimCaller, SimWire } from './sim-wire.ts'

/** Both ends of a connection and the lanes between them. */
export class SimConnection implements SimCircuit {
  readonly ends: readonly [SimWire, SimWire]
  private readonly medium: SimMedium

  /** `listening` says who takes connections at `to`, when the question arrives there. */
  constructor(
    medium: SimMedium,
    client: SimPlace,
    from: Address,
    caller: SimCaller,
    server: SimPlace,
    to: Address,
    listening: () => SimCallee | null,
  ) {
    this.medium = medium
    const a = new SimWire(medium, client, from, 'connecting')
    const b = new SimWire(medium, server, to, 'awaited')
    this.ends = [a, b]
    a.caller = caller
    b.listening = listening
    for (const [wire, peer] of [
      [a, b],
      [b, a],
    ] as const) {
      wire.connection = this
      wire.peer = peer
      wire.out = new SimLane(medium, medium.link(wire.place.name, peer.place.name), (packet) => peer.receive(packet))
    }
    medium.connections.add(this)
    a.connect()
  }

  get onTheWay(): [SimPackets, SimPackets] {
    const [a, b] = this.ends
    return [a.out.packets, b.out.packets]
  }

  /** Nobody wants it any more. */
  giveUp(): void {
    this.ends[0].giveUp()
  }

  refresh(): void {
    for (const { out, state } of this.ends) {
      out.refresh()
      // Nobody is there to send it again.
      if (out.cut && state === 'gone') out.clear()
    }
    this.watch()
  }

  watch(): void {
    for (const end of this.ends) end.watch()
  }

  /** Forgets the connection if neither end is there any more. */
  settle(): void {
    if (!this.ends.every((end) => end.isOver)) return
    this.clear()
    this.medium.connections.delete(this)
  }

  clear(): void {
    for (const end of this.ends) {
      end.out.clear()
      end.unwatch()
    }
  }
}
