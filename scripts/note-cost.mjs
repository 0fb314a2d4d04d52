// Preloaded into the process of each test file: notes in FIBRIL_TEST_COSTS how long it took, and the processor's time of
// its own and, on Linux, of the processes that it started and waited for. These are what a loaded machine does not stretch.
import { appendFileSync, readFileSync } from 'node:fs'
import { isMainThread } from 'node:worker_threads'

const list = process.env.FIBRIL_TEST_COSTS
if (isMainThread && list && process.env.NODE_TEST_CONTEXT) {
  const [, file] = process.argv
  process.on('exit', () => {
    const { user, system } = process.cpuUsage()
    appendFileSync(list, `${JSON.stringify([file, process.uptime(), (user + system) / 1e6, ofChildren()])}\n`)
  })
}

/** Seconds. See proc(5): cutime and cstime, in hundredths, are the 16th and 17th field; the second may hold spaces. */
function ofChildren() {
  if (process.platform !== 'linux') return 0
  const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ')
  return (Number(fields[13]) + Number(fields[14])) / 100
}
