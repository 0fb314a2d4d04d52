/**
 * The face of `fibril/gevent/green`: gevent's names for green code. What waits is a plain call here, and parks only the greenlet
 * that makes it; all else is as in `fibril/gevent`, whose objects these are.
 */
export {
  BlockingSwitchOutError,
  ConcurrentObjectUseError,
  Empty,
  Full,
  GreenletError,
  GreenletExit,
  InvalidThreadUseError,
  LoopExit,
  PoolFull,
  ShutDown,
} from '../errors.ts'
export { type Item, StopIteration } from '../exchange.ts'
export { getHub, Hub } from '../hub.ts'
export { local } from '../local.ts'
export type { WaitOptions } from '../wait-options.ts'
export {
  Greenlet,
  type GreenTarget,
  getcurrent,
  kill,
  type RawGreenlet,
  spawn,
  spawnLater,
  spawnRaw,
} from './greenlets.ts'
export { Group, type IMap, Pool } from './pools.ts'
export {
  AsyncResult,
  BoundedSemaphore,
  Channel,
  DummySemaphore,
  Event,
  JoinableQueue,
  LifoQueue,
  PriorityQueue,
  Queue,
  RLock,
  Semaphore,
  Waiter,
} from './sync.ts'
export { idle, iwait, joinall, killall, type Ready, sleep, Timeout, wait, withTimeout } from './waiting.ts'
