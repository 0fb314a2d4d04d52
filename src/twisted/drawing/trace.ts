/** The two sides of a chain: results go along the one, failures along the other. */
export type Lane = 'callback' | 'errback'

/** Something that goes along a lane. */
export interface Arrival {
  readonly lane: Lane
  /** The result, or the error, in a few words. */
  readonly text: string
}

/** One half of a pair. */
export interface Half {
  readonly label: string
  /** It is not the user's: what comes passes on. */
  readonly passes: boolean
}

/** A pair of a chain, and what became of it. */
export interface StageTrace {
  readonly callback: Half
  readonly errback: Half
  /** What came to it, and so which half ran; null if nothing has come yet. */
  readonly came: Arrival | null
  /** How that half ended: `threw`, say; null unless there is something to tell. */
  readonly did: string | null
}

/** A chain, and how far what it was fired with has come. All of it plain data. */
export interface ChainTrace {
  /** How it was fired: `callback(1)`; null if it was not. */
  readonly fired: (Arrival & { readonly by: string }) | null
  readonly stages: readonly StageTrace[]
  /** What is at the end of the chain; null if nothing has got there. */
  readonly end: Arrival | null
  /** What that, or the want of it, means in words: `the result`, `waits for a Deferred`. */
  readonly state: string
}
