/**
 * The face of `fibril/gevent/green`: gevent's names for green code. What waits is a plain call here, and parks only the greenlet
 * that makes it; all else is as in `fibril/gevent`, whose objects these are.
 */

export { type AssertSwitchesOptions, FailedToSwitch } from '../assert-switches.ts'
export type { BackdoorOptions } from '../backdoor.ts'
export {
  BlockingSwitchOutError,
  ConcurrentObjectUseError,
  Empty,
  Full,
  GreenletError,
  GreenletExit,
  LoopExit,
  PoolFull,
  ShutDown,
} from '../errors.ts'
export { type Item, StopIteration } from '../exchange.ts'
export { getHub, Hub } from '../hub.ts'
export { local } from '../local.ts'
export { Monitor, type MonitorOptions, startMonitor } from '../monitor.ts'
export * as monkey from '../monkey.ts'
export type { WSGIServerOptions } from '../pywsgi.ts'
export { formatRunInfo, type GreenletNode, GreenletTree, printRunInfo } from '../run-info.ts'
export type { ListenerAddress, StreamServerOptions } from '../stream-server.ts'
export type { ThreadPoolOptions } from '../thread-pool.ts'
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
export { assertSwitches, greenlet, select, ThreadPool } from './others.ts'
export { Group, type IMap, Pool } from './pools.ts'
export {
  type Application,
  BackdoorServer,
  type Environ,
  type StartResponse,
  type StreamHandler,
  StreamServer,
  WSGIServer,
} from './servers.ts'
export * as socket from './socket.ts'
export * as subprocess from './subprocess.ts'
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
