import type { Net } from 'fibril/net'

/** Where a poem is served. */
export interface Address {
  readonly host: string
  readonly port: number
}

/** What each of the clients is sent to do. They do the same, and look different. */
export interface Errand {
  readonly addresses: readonly Address[]
  /** Gives the poem in the style of Lord Byron. Throws a `GibberishError` if it is no poem, and, being full of bugs, anything else. */
  readonly byronificate: (poem: string) => string
  readonly tell: {
    /** Here it is. */
    poem(address: Address, text: string): void
    /** It could not be had; the user need not know why, but may. */
    failed(address: Address, why: unknown): void
  }
  /** How long a poem may take, in milliseconds: a server that never ends must not keep the program from ending. */
  readonly timeoutMs: number
  /** The network, for those who do not have a reactor. */
  readonly net: Net
}
