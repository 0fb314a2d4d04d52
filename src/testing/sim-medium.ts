import { currentLoop, UsageError } from '../core/index.ts'
import type { Leak } from './leak-check.ts'
import { Random } from './random.ts'
import { checkedSeed } from './seed.ts'
import { checkedCount, checkedFigure, ideal, linkOptions, SimLink, type SimLinkOptions } from './sim-link.ts'
import { SimEvent, type SimEventKind, SimLog } from './sim-log.ts'
import type { SimPackets } from './sim-packet.ts'
import { VirtualHost } from './virtual-host.ts'

/** How a simulated network behaves. What is said of links holds for all of them, unless `link` says otherwise. */
export interface SimNetworkOptions extends SimLinkOptions {
  /** What all that is random follows from. If left out, it follows from the seed of the `TestHost`. */
  readonly seed?: number
  /** Bytes that may be on the way in one direction of a connection, or wait in a host for a reader. 65536 if left out. */
  readonly window?: number
  /** The most bytes that travel as one piece, or more if what is sent at once would be in over 64. 16384 if left out. */
  readonly maxPiece?: number
  /**
   * The chance that a piece is cut in two at a random place, and that pieces which arrive together are read apart: 0 for
   * never, 1 for as often as possible. Code that takes a read for a message fails where this is above 0. 0.5 if left out.
   */
  readonly fragment?: number
  /**
   * Milliseconds after which a side gives up that is cut off and waits for an acknowledgement: ETIMEDOUT. 60000 if left
   * out.
   */
  readonly retransmitMs?: number
  /** How many of the last events `log` has. 1000 if left out. */
  readonly logged?: number
}

/** A host, as its connections know it. */
export interface SimPlace {
  readonly name: string
  /** Its processes are stopped; its system goes on. */
  readonly paused: boolean
}

/** One end of a connection, as the network knows it. */
export interface SimEnd {
  readonly place: SimPlace
  /** Something is known of the connection here. */
  readonly present: boolean
  /** Its host has crashed. */
  crash(): void
  /** Something broke the connection. */
  fail(cause: Error): void
  /** Its host goes on after a pause. */
  goOn(): void
  /** What is left of it when the run is over. */
  leak(): Leak | null
}

/** A connection, as the network knows it. */
export interface SimCircuit {
  readonly ends: readonly [SimEnd, SimEnd]
  /** What is on the way, in one direction and in the other. */
  readonly onTheWay: readonly [SimPackets, SimPackets]
  /** Looks whether its links are cut now. */
  refresh(): void
  /** Has its ends look whether they wait in vain for an acknowledgement. */
  watch(): void
  /** Forgets it if neither end is there any more. */
  settle(): void
  /** Forgets all that is on the way. */
  clear(): void
}

/** What all parts of a simulated network share. */
export class SimMedium {
  readonly host: VirtualHost
  readonly seed: number
  readonly random: Random
  readonly options: Required<SimNetworkOptions>
  readonly log: SimLog
  /** Those of which a side is still there. */
  readonly connections = new Set<SimCircuit>()
  /** The names of hosts that have crashed. */
  readonly down = new Set<string>()
  readonly counts = { connected: 0, refused: 0, reset: 0, timedOut: 0, sent: 0, arrived: 0 }
  private readonly links = new Map<string, SimLink>()

  constructor(given: SimNetworkOptions) {
    const { host } = currentLoop()
    if (!(host instanceof VirtualHost)) {
      throw new UsageError(
        'a SimNetwork works under a TestHost only: make it in the body of `new TestHost().run(…)` or `explore(…)`',
      )
    }
    this.host = host
    this.seed = given.seed === undefined ? host.drawSeed() : checkedSeed(given.seed)
    this.random = new Random(this.seed)
    const { window = 65_536, maxPiece = 16_384, fragment = 0.5, retransmitMs = 60_000, logged = 1000 } = given
    this.options = {
      ...linkOptions(given, { ...ideal, latencyMs: 1 }),
      seed: this.seed,
      window: checkedCount('window', window, 1),
      maxPiece: checkedCount('maxPiece', maxPiece, 1),
      fragment: checkedFigure('fragment', fragment, 0, 1),
      retransmitMs: checkedFigure('retransmitMs', retransmitMs, 1, Infinity),
      logged: checkedCount('logged', logged, 0),
    }
    this.log = new SimLog(logged)
  }

  get now(): number {
    return this.host.now()
  }

  /** The way between two hosts, in one direction. A host is at no distance from itself. */
  link(from: string, to: string): SimLink {
    const key = `${from}\n${to}`
    let link = this.links.get(key)
    if (link === undefined) {
      link = new SimLink(from, to, from === to ? ideal : this.options)
      this.links.set(key, link)
    }
    return link
  }

  isCut(link: SimLink): boolean {
    return link.parted || this.down.has(link.to)
  }

  /** Something was cut or is no longer. */
  refresh(): void {
    for (const connection of this.connections) connection.refresh()
  }

  *ends(): Generator<SimEnd> {
    for (const { ends } of this.connections) yield* ends
  }

  tell(kind: SimEventKind, from: string, to: string | null = null, bytes = 0): void {
    this.log.add(new SimEvent(this.now, kind, from, to, bytes))
  }

  /** Where `entry` was called, if that is recorded: for the report of a leak. */
  site(entry: (...args: never[]) => unknown): Error | null {
    const { loop } = this.host
    if (loop.sites <= 0) return null
    loop.sites--
    const site = new Error('made')
    Error.captureStackTrace(site, entry)
    return site
  }
}
