import { computed } from '@preact/signals'
import { type Circle, findCircles } from '../circles.ts'
import { changes, tasks } from './live.ts'

/** The deadlocks of this moment. Only tasks that wait for others can be in one, so only they are looked at. */
export const circles = computed<readonly Circle[]>(() => {
  void changes.value
  const waiting = []
  for (const { record } of tasks().tasks.values()) if (record.holders.length > 0) waiting.push(record)
  return findCircles(waiting)
})

/** The tasks in them. */
export const inCircle = computed<ReadonlyMap<number, Circle>>(() => {
  const found = new Map<number, Circle>()
  for (const circle of circles.value) for (const { id } of circle.tasks) found.set(id, circle)
  return found
})
