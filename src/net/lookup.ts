import { lookup as lookupNode } from 'node:dns'
import { isIP } from 'node:net'
import { fn, type Operation, suspend, UsageError, wait } from '../core/index.ts'
import type { Family } from './happy-eyeballs.ts'

/** Finds the addresses that a host has in a family, in order of preference; none is as good as an error. */
export type Lookup = (
  host: string,
  family: 4 | 6,
) => Operation<readonly string[]> | PromiseLike<readonly string[]> | readonly string[]

/** As the system does it, with its file of hosts and all. The system cannot be told to stop: what was cancelled is not heard. */
export const systemLookup: Lookup = (host, family) =>
  suspend(
    `the IPv${family} addresses of ${host}`,
    (wake) => {
      lookupNode(host, { family, all: true }, (error, addresses) => {
        if (error === null) wake(addresses.map(({ address }) => address))
        else wake.fail(error)
      })
    },
    { external: true },
  )

/** What `lookup` finds. */
export const addressesOf = fn(function* addressesOf(lookup: Lookup, host: string, family: Family) {
  const addresses = (yield* wait(lookup(host, family))) as readonly string[]
  for (const address of addresses) {
    if (isIP(address) === 0)
      throw new UsageError(`the lookup of ${host} gave ${String(address)}: it must give IP addresses`)
  }
  return addresses
})
