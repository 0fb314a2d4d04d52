import type { Operation, SpawnOptions, Task, TaskBody } from '../../core/index.ts'

/** What messages go through: one side of a connection, whole messages at a time. */
export interface MessageChannel<In, Out> {
  /** Shown by reports. */
  readonly name?: string
  /** The next message; null at the end. */
  receive(): Operation<In | null>
  /** Hands a message over whole, or not at all: of one that fails or is cancelled nothing was sent. One task sends at a time. */
  send(message: Out): Operation<void>
  close(): Operation<void>
}

/** Which ids are given: whole numbers in a range, counted up and round; or what a function says. */
export type Ids<Request, Id> = { readonly first: number; readonly last: number } | ((request: Request) => Id)

/** How requests and replies find each other. Durations are in milliseconds. */
export interface CorrelatorOptions<Request, Reply, Id, In, Out> {
  /** Shown by reports. That of the channel, if left out. */
  readonly name?: string
  /** The message that goes out for a request. */
  readonly withId: (request: Request, id: Id) => Out
  /** The request that a message replies to; null or undefined: to none, it is a push. An error means that the connection is garbled: it is lost. */
  readonly idOf: (message: In) => Id | null | undefined
  /** What the requester gets. An error is thrown to the requester. The message itself, if left out. */
  readonly resultOf?: (message: In) => Reply
  /** From 1 to 2147483647, if left out. Of a function, an id that is in use is a `UsageError` for its request. */
  readonly ids?: Ids<Request, Id>
  /** So many requests at a time, counting cancelled ones whose reply is still to come; others wait in line. As many as there are ids, if left out. */
  readonly maxInFlight?: number
  /** How long a request may take, unless it says otherwise. No limit if left out. */
  readonly timeoutMs?: number
  /**
   * How long the id of a cancelled request is kept from being used again, if no reply comes. For ever if left out, since a late
   * reply would be taken for that of another request; 0 for a peer that does not reply to what was cancelled.
   */
  readonly quarantineMs?: number
  /** A sent request was cancelled, or its time is over. What this gives, if anything, is sent: to tell the peer. */
  readonly onCancel?: (id: Id) => Out | void
  /** A message that replies to nothing. It is called in the order in which they come, and must not take long. False: it was dropped. */
  readonly onPush?: (message: In) => boolean | void
  /** A reply to a request that there is not: one that was never made, or was answered before. */
  readonly onUnexpected?: (message: In) => void
  /** The connection is gone. Called before its requests fail: whoever chooses among connections must not choose this one any more. */
  readonly onLost?: (cause: unknown) => void
  /** Who owns the task that reads. The task that opens it, in its innermost scope, if left out. */
  readonly scope?: { spawn<T>(body: TaskBody<T>, options?: SpawnOptions): Task<T> }
}

/** Limits of one request. */
export interface RequestOptions {
  /** Milliseconds, from when it is waited for. */
  readonly timeoutMs?: number
  /** An instant on the loop's clock (`currentLoop().now()`). The earlier of the two counts. */
  readonly deadline?: number
}

/** Plain figures of a correlator, at one moment. Counts are those of its whole life. */
export interface CorrelatorStats {
  readonly name: string
  readonly state: 'open' | 'closing' | 'lost'
  /** Requests that wait for their reply, or to be sent. */
  readonly inFlight: number
  /** Cancelled requests whose reply may yet come. */
  readonly quarantined: number
  /** Requests that wait in line. */
  readonly waiting: number
  readonly requests: number
  readonly replies: number
  /** Requests that were given up before their reply: by a cancel, or by the clock. */
  readonly cancelled: number
  /** Replies to those. */
  readonly late: number
  readonly unexpected: number
  readonly pushes: number
  /** Pushes that nobody took. */
  readonly dropped: number
}
