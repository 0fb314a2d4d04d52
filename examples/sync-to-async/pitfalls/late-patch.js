// fibril run examples/sync-to-async/pitfalls/late-patch.js
//
// A module that took a function out of a builtin before the patches goes on blocking. `patchAll` names it; the cure is to
// patch before it is loaded, as `fibril run` does.
import { createRequire } from 'node:module'
import { spawn } from 'fibril/green'
import { patchAll, unpatch } from 'fibril/green/patch'

const require = createRequire(import.meta.url)
const file = require.resolve('./commands.cjs')

/** True if two tasks that run a command each had their commands under way at the same time. */
function runsTwoAtOnce() {
  const { run } = require(file)
  const order = []
  const tasks = ['a', 'b'].map((name) =>
    spawn(() => {
      order.push(`${name} begins`)
      run()
      order.push(`${name} ends`)
    }),
  )
  for (const task of tasks) task.join()
  return order[1] === 'b begins'
}

unpatch()
require(file)
process.once('warning', ({ message }) =>
  console.log(`warning: ${message.split(' was loaded')[0].split('/').at(-1)} was loaded too early`),
)
patchAll()
console.log(`late: two at once is ${runsTwoAtOnce()}`)

delete require.cache[file]
console.log(`patched first: two at once is ${runsTwoAtOnce()}`)
