import type { Operation } from '../../core/index.ts'
import { faceOf, mapped } from '../../green/index.ts'
import * as results from '../async-result.ts'
import * as events from '../event.ts'
import * as base from '../greenlet.ts'
import * as semaphores from '../semaphore.ts'
import { faceOfGreenlet } from './greenlets.ts'
import { AsyncResult, Event, Semaphore } from './sync.ts'

/** The face of what can be waited for; anything else is itself. */
export function faceFor(value: unknown): unknown {
  if (value instanceof base.Greenlet) return faceOfGreenlet(value)
  if (value instanceof events.Event) return faceOf(Event as never, value)
  if (value instanceof results.AsyncResult) return faceOf(AsyncResult as never, value)
  return value instanceof semaphores.Semaphore ? faceOf(Semaphore as never, value) : value
}

/** Gives faces of what an operation gives, also of all in a list. */
export function withFaces<T>(operation: Operation<T>): Operation<T> {
  return mapped(operation, (value) => (Array.isArray(value) ? value.map(faceFor) : faceFor(value)) as T)
}
