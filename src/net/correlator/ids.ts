import { UsageError } from '../../core/index.ts'
import type { Ids } from './options.ts'

/** Where ids come from. */
export interface IdSource<Request, Id> {
  /** How many there are. */
  readonly capacity: number
  /** One that is not in use. There must be one. */
  take(request: Request, inUse: (id: Id) => boolean): Id
  /** This one may be used again. `last` tells that all others are in use. */
  freed(id: Id, last: boolean): void
}

/** Counts up, and round; passes over what is in use. */
class Counter implements IdSource<unknown, number> {
  readonly capacity: number
  private readonly first: number
  private readonly last: number
  private next: number

  constructor(first: number, last: number) {
    this.first = first
    this.last = last
    this.next = first
    this.capacity = last - first + 1
  }

  take(_request: unknown, inUse: (id: number) => boolean): number {
    let id = this.next
    while (inUse(id)) id = id === this.last ? this.first : id + 1
    this.next = id === this.last ? this.first : id + 1
    return id
  }

  freed(id: number, last: boolean): void {
    // Otherwise the next would be looked for once around.
    if (last) this.next = id
  }
}

class Given<Request, Id> implements IdSource<Request, Id> {
  readonly capacity = Infinity
  private readonly idFor: (request: Request) => Id

  constructor(idFor: (request: Request) => Id) {
    this.idFor = idFor
  }

  take(request: Request, inUse: (id: Id) => boolean): Id {
    const id = this.idFor(request)
    if (inUse(id)) throw new UsageError(`the id ${String(id)} is in use: the reply could not be told from another's`)
    return id
  }

  freed(): void {}
}

export function idSource<Request, Id>(ids: Ids<Request, Id> = { first: 1, last: 2 ** 31 - 1 }): IdSource<Request, Id> {
  if (typeof ids === 'function') return new Given(ids)
  const { first, last } = ids
  if (!(Number.isSafeInteger(first) && Number.isSafeInteger(last) && first <= last))
    throw new UsageError(
      `the ids of a correlator go from a whole number to one not below it, not from ${first} to ${last}`,
    )
  return new Counter(first, last) as unknown as IdSource<Request, Id>
}
