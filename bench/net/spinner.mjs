/* Takes of a core what nobody else wants, until it is killed; if nobody does, for a minute. */
import { setPriority } from 'node:os'

setPriority(19)
console.log('spinning')
setImmediate(() => {
  const end = performance.now() + 60_000
  while (performance.now() < end);
})
