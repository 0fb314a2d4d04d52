/**
 * The face of `fibril/gevent`: gevent on the engine, for generator tasks (`yield* g.join()`) and for code that awaits (`await
 * g.join()`). Green code, which simply blocks (`g.join()`), imports the same names from `fibril/gevent/green`.
 *
 *   greenlet, spawn, current     greenlets                  event, async-result, queue   what they meet at
 *   waiting, timeout, sleep      waiting for them           semaphore, rlock             what they take turns at
 *   hub, loop, watcher(s)        what stands behind them    group, pool, imap            many of them
 */
export { type AssertSwitchesOptions, assertSwitches, FailedToSwitch } from './assert-switches.ts'
export { AsyncResult } from './async-result.ts'
export { type BackdoorOptions, BackdoorServer } from './backdoor.ts'
export { getcurrent } from './current.ts'
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
  type Throwable,
} from './errors.ts'
export { Event } from './event.ts'
export { type Item, StopIteration } from './exchange.ts'
export { Greenlet } from './greenlet.ts'
export { Group } from './group.ts'
export type { GroupJoinOptions } from './grouping.ts'
export { getHub, Hub } from './hub.ts'
export type { IMap, IMapOptions } from './imap.ts'
export type { Linkable, LinkCallback, LinkTarget } from './links.ts'
export { local } from './local.ts'
export { Monitor, type MonitorOptions, startMonitor } from './monitor.ts'
export * as monkey from './monkey.ts'
export { Pool } from './pool.ts'
export { type Application, type Environ, type StartResponse, WSGIServer, type WSGIServerOptions } from './pywsgi.ts'
export { Channel, JoinableQueue, LifoQueue, PriorityQueue, Queue } from './queue.ts'
export { greenlet } from './raw-greenlet.ts'
export { RLock } from './rlock.ts'
export { formatRunInfo, type GreenletNode, GreenletTree, printRunInfo } from './run-info.ts'
export { type Selectable, select } from './select.ts'
export { type Acquirable, BoundedSemaphore, DummySemaphore, Semaphore } from './semaphore.ts'
export { idle, sleep } from './sleep.ts'
export * as socket from './socket.ts'
export { type RawGreenlet, spawn, spawnLater, spawnRaw } from './spawn.ts'
export { type ListenerAddress, type StreamHandler, StreamServer, type StreamServerOptions } from './stream-server.ts'
export * as subprocess from './subprocess.ts'
export { ThreadPool, type ThreadPoolOptions } from './thread-pool.ts'
export type { TimeLimit } from './timed-wait.ts'
export { Timeout, type TimeoutException, withTimeout } from './timeout.ts'
export type { WaitOptions } from './wait-options.ts'
export { Waiter } from './waiter.ts'
export {
  iwait,
  type JoinallOptions,
  joinall,
  type Killable,
  kill,
  killall,
  type Ready,
  type WaitManyOptions,
  wait,
} from './waiting.ts'
export { READ, WRITE } from './watchers.ts'
