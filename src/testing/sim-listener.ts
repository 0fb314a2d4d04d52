import { ClosedError, ListedWait, NOT_YET, type Operation, WaitList } from '../core/index.ts'
import { type Address, formatAddress, type Listener, type ListenOptions, Server } from '../net/index.ts'
import type { Leak } from './leak-check.ts'
import { placeOf } from './seed-note.ts'
import type { SimMedium, SimPlace } from './sim-medium.ts'
import type { SimCallee, SimStream } from './sim-wire.ts'

class Accept extends ListedWait<SimStream> {
  readonly site: Error | null
  private readonly listener: SimListener

  constructor(listener: SimListener, site: Error | null) {
    super()
    this.listener = listener
    this.site = site
  }

  override get reason(): string {
    return `${this.listener.name}: a connection`
  }

  override get line(): WaitList<Accept> {
    return this.listener.acceptors
  }

  override attempt(): SimStream | typeof NOT_YET {
    return this.listener.take(this)
  }
}

/** As many as node has. */
const BACKLOG = 511

/** What listens on a simulated host. */
export class SimListener implements Listener<SimStream>, SimCallee {
  readonly name: string
  readonly address: Address
  readonly options: ListenOptions
  readonly acceptors = new WaitList<Accept>()
  refused = 0
  private readonly medium: SimMedium
  private readonly place: SimPlace
  private readonly whenClosed: () => void
  private readonly site: Error | null
  private readonly waits = new Set<SimStream>()
  private closed = false

  constructor(
    medium: SimMedium,
    place: SimPlace,
    address: Address,
    options: ListenOptions,
    site: Error | null,
    whenClosed: () => void,
  ) {
    this.medium = medium
    this.place = place
    this.address = address
    this.options = options
    this.whenClosed = whenClosed
    this.site = site
    this.name = address.path === undefined ? `sim ${formatAddress(address)}` : `sim ${place.name} ${address.path}`
  }

  get waiting(): number {
    return this.waits.size
  }

  arrived(stream: SimStream): void {
    if (this.closed) return stream.reset()
    if (this.waits.size >= (this.options.backlog ?? BACKLOG) && this.acceptors.first === null) {
      this.refused++
      return stream.destroy()
    }
    this.waits.add(stream)
    this.serve()
  }

  /** Hands over what has come, unless the host is paused. */
  serve(): void {
    for (let acceptor = this.acceptors.first; acceptor !== null; acceptor = this.acceptors.first) {
      const stream = this.take(acceptor)
      if (stream === NOT_YET) return
      this.acceptors.remove(acceptor)
      acceptor.resume(stream)
    }
  }

  accept(): Operation<SimStream> {
    return new Accept(this, this.medium.site(Server.prototype.accept))
  }

  take({ site }: Accept): SimStream | typeof NOT_YET {
    if (this.closed) throw this.closedError()
    if (this.place.paused) return NOT_YET
    for (const stream of this.waits) {
      this.waits.delete(stream)
      stream.wire.handOut(site)
      return stream
    }
    return NOT_YET
  }

  close(): void {
    if (this.closed) return
    this.closed = true
    this.whenClosed()
    for (const stream of this.waits) stream.destroy()
    this.waits.clear()
    for (let wait = this.acceptors.shift(); wait !== null; wait = this.acceptors.shift())
      wait.reject(this.closedError())
  }

  leak(): Leak {
    const madeAt = this.site === null ? null : placeOf(this.site)
    return { kind: 'listener', name: this.name, reason: 'open: nobody closed it', madeAt }
  }

  private closedError(): ClosedError {
    return new ClosedError(`${this.name} is closed: it accepts no more connections.`)
  }
}
