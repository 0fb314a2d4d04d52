/**
 * The face of `fibril/green`: what green code imports. Everything that waits is a plain function here, and parks only the task
 * that calls it.
 *
 *   tasks.ts     spawn, join, scope, run, green          sync.ts      queues, locks, TaskLocal
 *   waiting.ts   sleep, wait, all, timeout, iterate      net.ts       sockets and servers; nets.ts: where they come from
 *   callbacks.ts functions of users, called by the engine offload.ts   thread pools
 *   conversions.ts streams of the platform, in and out   pools.ts, correlators.ts   connections, and requests, shared
 *   http/        a face of its own: requests of HTTP as tasks
 *   face.ts      how things of the other floors come to have methods that block
 *
 * The code that uses it is compiled by the loader (`fibril run`) or a build plugin; `runtime` is what compiled code runs on,
 * and `patch` makes node's blocking calls park.
 */
import { setDefaultHost } from '../core/index.ts'
import { NodeHost } from '../host/index.ts'

setDefaultHost(() => new NodeHost())

// Errors
export {
  BrokenError,
  BusyError,
  CancelledError,
  ClosedError,
  DeadlockError,
  FibrilError,
  type Outcome,
  type SpawnOptions,
  type TaskEnding,
  type TaskLocalOptions,
  type TaskState,
  TimeoutError,
  UnhandledError,
  UsageError,
} from '../core/index.ts'
export type {
  BackoffOptions,
  ConnectionPoolStats,
  ConnectOptions,
  ConnectTlsOptions,
  CorrelatorPoolStats,
  CorrelatorStats,
  Datagram,
  FromNodeOptions,
  FromWebOptions,
  Ids,
  Jitter,
  Lease,
  ListenOptions,
  ListenTlsOptions,
  MemoryPairOptions,
  PoolActivity,
  PumpOptions,
  RequestOptions,
  ServeOptions,
  StartTlsClientOptions,
  StartTlsServerOptions,
  StopOptions,
  TlsCertificateOptions,
  TlsIdentity,
  ToWebPair,
  UdpOptions,
  WebBytes,
  WebPair,
} from '../net/index.ts'
export {
  AcquireTimeoutError,
  Backoff,
  CertificateError,
  ConnectError,
  LimitError,
  ListenError,
  LostRequestError,
  StreamTimeoutError,
  TlsCertificates,
  TlsError,
  UdpError,
} from '../net/index.ts'
export type {
  CallOptions,
  CallStreamOptions,
  CallUsage,
  ProcessPoolOptions,
  ThreadPoolOptions,
} from '../offload/index.ts'
export { transfer } from '../offload/index.ts'
export type { MapLimitOptions, QueueOptions, SemaphoreOptions } from '../sync/index.ts'
// Faces, also for things of your own
export { type Action, callTo, type Returned } from './callbacks.ts'
// Streams of the platform
export {
  type ByteSink,
  type ByteSource,
  type FromNode,
  fromNode,
  fromWeb,
  toNode,
  toWeb,
  toWebReadable,
  toWebWritable,
} from './conversions.ts'
// Requests
export {
  type Correlator,
  type CorrelatorOptions,
  CorrelatorPool,
  type CorrelatorPoolOptions,
  type MessageChannel,
  openCorrelator,
} from './correlators.ts'
export {
  type FaceClass,
  type FaceOf,
  type FaceOptions,
  faceClass,
  faceOf,
  faceOfKind,
  type Green,
  mapped,
  type Plain,
  thingOf,
} from './face.ts'
// Sockets
export {
  connect,
  connectTls,
  type Framed,
  type Handler,
  listen,
  listenTls,
  memoryPair,
  pump,
  type ServeAtOptions,
  Server,
  type ServeTlsOptions,
  type Socket,
  type Stream,
  serve,
  serveTls,
  startTls,
  streamOf,
  type TlsSocket,
  type UdpSocket,
  udp,
} from './net.ts'
export { MemoryServer, type Net, net, netOf } from './nets.ts'
// Pools
export { type CallStream, type Calls, offload, ProcessPool, poolFace, ThreadPool } from './offload.ts'
export { ConnectionPool, type PoolOptions } from './pools.ts'
export { NativeFrameError } from './runtime/index.ts'
// Queues and locks
export {
  Barrier,
  Channel,
  Condition,
  Event,
  Future,
  Limit,
  Lock,
  mapLimit,
  Queue,
  ReentrantLock,
  Semaphore,
  TaskLocal,
} from './sync.ts'
// Tasks
export { currentTask, green, join, run, Scope, scope, spawn, Task } from './tasks.ts'
// Waiting
export {
  all,
  allSettled,
  any,
  atomic,
  iterate,
  race,
  shield,
  sleep,
  timeout,
  timeoutOr,
  wait,
  yieldNow,
} from './waiting.ts'
