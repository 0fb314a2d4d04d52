import { currentTask, type Task } from '../core/index.ts'
import { Greenlet } from './greenlet.ts'
import { getHub } from './hub.ts'

const adopted = new WeakMap<Task<unknown>, Greenlet>()
const ofHubs = new WeakMap<object, Greenlet>()

/**
 * The greenlet that runs now. In a task that is none it gives what stands for it, to be killed, joined or linked like one; in a
 * callback of the loop and outside of all tasks, what stands for the hub.
 */
export function getcurrent(): Greenlet {
  const task = currentTask()
  if (task !== null && task.namesake instanceof Greenlet) return task.namesake
  const hub = getHub()
  if (task !== null && !hub.loop.callbacks.running) return of(adopted, task, () => Greenlet.of(task))
  return of(ofHubs, hub, () => new Greenlet(function hub() {}))
}

function of<K extends object>(known: WeakMap<K, Greenlet>, key: K, make: () => Greenlet): Greenlet {
  let greenlet = known.get(key)
  if (greenlet === undefined) {
    greenlet = make()
    known.set(key, greenlet)
  }
  return greenlet
}
