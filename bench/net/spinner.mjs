/* Takes of a core what nobody else wants, until it is killed. */
import { setPriority } from 'node:os'

setPriority(19)
console.log('spinning')
setImmediate(() => {
  for (;;);
})
