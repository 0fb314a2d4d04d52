/**
 * `fibril/testing`: programs under a virtual clock, in every order.
 *
 *   test-host.ts      a test: a run under a virtual clock, checked        virtual-host.ts      what the loop sees of it
 *   sequencer.ts      an order of steps, enforced                         drive.ts             when the clock may move
 *   explore.ts        many schedules, and the seed of a failing one       schedule.ts          what a seed stands for
 *   leak-check.ts     what a test left behind                             real-world.ts        what the platform is at
 *   sim-network.ts    hosts and connections in memory; its head tells the other sim-*.ts
 */
export { type Exploration, ExploreError, type ExploreOptions, explore, type Program } from './explore.ts'
export { type Leak, LeakError } from './leak-check.ts'
export { canLeak, macrotask, resources, resourcesSince } from './real-world.ts'
export { Sequencer } from './sequencer.ts'
export type { SimHost, SimHostStats } from './sim-host.ts'
export type { SimLinkOptions } from './sim-link.ts'
export type { SimEvent, SimEventKind } from './sim-log.ts'
export type { SimNetworkOptions } from './sim-medium.ts'
export { SimNetwork, type SimNetworkStats } from './sim-network.ts'
export type { SimStream } from './sim-wire.ts'
export { type TestBody, TestHost } from './test-host.ts'
export type { TestHostOptions } from './virtual-host.ts'
export { advance, waitAllBlocked } from './wait-all-blocked.ts'
