/**
 * `SimNetwork`: hosts and connections in memory, under the virtual clock, from a seed.
 *
 *   sim-network.ts     hosts, partitions, figures      sim-host.ts        a host: connect, listen, crash, pause
 *   sim-medium.ts      what all of these share         sim-connect.ts     a connection in the making
 *   sim-link.ts        from host to host: how fast     sim-listener.ts    what listens
 *   sim-lane.ts        what is on the way              sim-connection.ts  both ends and what is between them
 *   sim-packet.ts      what travels                    sim-wire.ts        one end, as TCP has it
 *   sim-log.ts         what has happened               sim-errors.ts      what a platform would say
 */

import type { Leak } from './leak-check.ts'
import { systemError } from './sim-errors.ts'
import { SimHost } from './sim-host.ts'
import type { SimLinkOptions } from './sim-link.ts'
import type { SimEvent } from './sim-log.ts'
import { SimMedium, type SimNetworkOptions } from './sim-medium.ts'

/** Plain figures of a simulated network, at one moment. */
export interface SimNetworkStats {
  readonly hosts: number
  /** Connections of which an end is still there. */
  readonly connections: number
  /** What is on the way: packets, with and without bytes, and bytes. */
  readonly packetsInFlight: number
  readonly bytesInFlight: number
  /** Connections that were made, and attempts that were refused. */
  readonly connected: number
  readonly refused: number
  /** How often a side was reset, and gave up. */
  readonly reset: number
  readonly timedOut: number
  readonly bytesSent: number
  readonly bytesArrived: number
}

/**
 * A network in memory: hosts that connect to each other by name, over links with latency, jitter, limited bandwidth and
 * loss, which can be cut; hosts that crash and pause. It lives in the run of a `TestHost`: nothing waits for real time, and
 * all that is random follows from the seed of the schedule, so `SEED=n`, or the seed that `explore` has found, replays a
 * failure byte for byte.
 *
 * Connections behave as TCP ones. Bytes of one stay in order, but are cut and joined at random: a read is not a message. A
 * reader that is slow makes its writer wait. Who lets go while bytes come in resets its peer.
 *
 * A connection or a listener that is open when the run ends is a leak of the test, and named.
 *
 * ```ts
 * import { BrokenError, spawn } from 'fibril'
 * import { SimNetwork, TestHost } from 'fibril/testing'
 *
 * const host = new TestHost()
 * await host.run(function* () {
 *   const network = new SimNetwork({ latencyMs: 5 })
 *   const [a, b] = [network.host('a'), network.host('b')]
 *   const server = yield* b.listen({ port: 80 })
 *   using connection = yield* a.connect({ host: 'b', port: 80 })
 *   using accepted = yield* server.accept()
 *
 *   network.partition([a], [b])
 *   yield* connection.write('anybody there?')
 *   try {
 *     yield* connection.read()
 *   } catch (error) {
 *     console.log(error instanceof BrokenError, host.now()) // => true 60015
 *   }
 *   console.log(accepted.stats().unread) // => 0
 *   server.close()
 * })
 * ```
 */
export class SimNetwork {
  private readonly medium: SimMedium
  private readonly hosts = new Map<string, SimHost>()

  /** To be made in the body of a run under a `TestHost`; elsewhere that is a `UsageError`. */
  constructor(options: SimNetworkOptions = {}) {
    const medium = new SimMedium(options)
    this.medium = medium
    medium.host.endings.push(() => this.end())
  }

  /** What all that is random follows from. */
  get seed(): number {
    return this.medium.seed
  }

  /** The host of that name, which is made when it is first asked for. */
  host(name: string): SimHost {
    let host = this.hosts.get(name)
    if (host === undefined) {
      host = new SimHost(this.medium, name, (other) => this.hosts.get(other))
      this.hosts.set(name, host)
    }
    return host
  }

  /** Changes how the way between two hosts behaves, in both directions, for what is sent from now on. */
  link(a: SimHost, b: SimHost, options: SimLinkOptions): void {
    for (const [from, to] of both(a, b)) this.medium.link(from.name, to.name).change(options)
  }

  /**
   * Cuts all ways between hosts of one group and of another; if that is left out, all hosts that are not in the first.
   * With `oneWay`, only what the first send is cut off. What is on the way and what is sent meanwhile is held, as if it
   * was lost and sent again and again; a side that waits for an acknowledgement gives up after `retransmitMs`.
   */
  partition(group: Iterable<SimHost>, others?: Iterable<SimHost>, options: { readonly oneWay?: boolean } = {}): void {
    this.part(group, others, options.oneWay === true, true)
  }

  /** Mends all that `partition` has cut, or that between two groups. What was held arrives as if it was sent now. */
  heal(group?: Iterable<SimHost>, others?: Iterable<SimHost>): void {
    this.part(group ?? this.hosts.values(), others ?? this.hosts.values(), false, false)
  }

  private part(
    group: Iterable<SimHost>,
    others: Iterable<SimHost> | undefined,
    oneWay: boolean,
    parted: boolean,
  ): void {
    const { medium } = this
    const first = [...group]
    const second = others === undefined ? [...this.hosts.values()].filter((host) => !first.includes(host)) : [...others]
    medium.tell(parted ? 'partition' : 'heal', first.join(', '), second.join(', '))
    for (const a of first) {
      for (const b of second) {
        if (a === b) continue
        for (const [from, to] of oneWay ? [[a, b] as const] : both(a, b))
          medium.link(from.name, to.name).parted = parted
      }
    }
    medium.refresh()
  }

  /** Breaks all connections between two hosts: both sides of each get a `BrokenError`, ECONNRESET. Gives their number. */
  reset(a: SimHost, b: SimHost): number {
    const { medium } = this
    let count = 0
    for (const { ends } of [...medium.connections]) {
      const places = ends.map(({ place }) => place)
      if (!places.includes(a) || !places.includes(b) || (a === b && places[0] !== places[1])) continue
      count++
      medium.tell('reset', a.name, b.name)
      for (const end of ends) end.fail(systemError('ECONNRESET', 'the network broke the connection'))
    }
    return count
  }

  /** The last events, oldest first. */
  get log(): readonly SimEvent[] {
    return this.medium.log.last
  }

  /** Plain figures of this moment. */
  stats(): SimNetworkStats {
    const { connections, counts } = this.medium
    let packetsInFlight = 0
    let bytesInFlight = 0
    for (const { onTheWay } of connections) {
      for (const { count, bytes } of onTheWay) {
        packetsInFlight += count
        bytesInFlight += bytes
      }
    }
    const { connected, refused, reset, timedOut, sent, arrived } = counts
    return Object.freeze({
      hosts: this.hosts.size,
      connections: connections.size,
      packetsInFlight,
      bytesInFlight,
      connected,
      refused,
      reset,
      timedOut,
      bytesSent: sent,
      bytesArrived: arrived,
    })
  }

  /** The run is over. */
  private end(): Leak[] {
    const { medium } = this
    const leaks: Leak[] = []
    for (const host of this.hosts.values()) leaks.push(...host.leaks())
    for (const end of medium.ends()) {
      const leak = end.leak()
      if (leak !== null) leaks.push(leak)
    }
    for (const connection of medium.connections) connection.clear()
    medium.connections.clear()
    return leaks
  }
}

function both(a: SimHost, b: SimHost): [readonly [SimHost, SimHost], readonly [SimHost, SimHost]] {
  return [
    [a, b],
    [b, a],
  ]
}
