/**
 * Tasks that meet: hand things over, take turns, wait for one another.
 *
 *   queue, channel            items from task to task         lock, reentrant-lock, semaphore   at most one, at most n
 *   event, condition          something has changed           limit, map-limit                  so many at a time
 *   barrier                   all are there                   exchange, buffer, heap            what queues are made of
 *
 * All lines are first come, first served: what is released or put goes to whoever has waited longest, and nobody who comes
 * later overtakes. A cancelled waiter leaves its line at once and without a trace. What does not wait (`tryPut`, `set`,
 * `release`) is a plain function, for event handlers too; what waits can also be awaited outside of tasks.
 */
export { Barrier } from './barrier.ts'
export type { Order } from './buffer.ts'
export { Channel } from './channel.ts'
export { Condition } from './condition.ts'
export { Event } from './event.ts'
export { Heap } from './heap.ts'
export { Limit } from './limit.ts'
export { Lock } from './lock.ts'
export { type MapLimitOptions, mapLimit } from './map-limit.ts'
export { Queue, type QueueOptions } from './queue.ts'
export { ReentrantLock } from './reentrant-lock.ts'
export { Semaphore, type SemaphoreOptions } from './semaphore.ts'
