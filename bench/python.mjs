// Peers in Python, where they are installed: a program that runs as many operations as it is told and prints how many
// nanoseconds each took, measured in itself, so that starting the interpreter does not count.
import { spawnSync } from 'node:child_process'
import { Skipped } from './peers.mjs'

// Debian installs its packages for this one, whichever `python3` comes first in PATH.
const interpreters = ['/usr/bin/python3', 'python3']

/**
 * A contender. `program` defines `run(size)`, which does `size` operations.
 *
 * @param {string} module What it needs, such as "tornado".
 * @param {string} program
 */
export function python(module, program) {
  return async () => {
    const interpreter = interpreters.find((each) => spawnSync(each, ['-c', `import ${module}`]).status === 0)
    if (interpreter === undefined) throw new Skipped(`no Python here has ${module} (Debian: python3-${module})`)
    const runs = (size) => {
      const { stdout, stderr, status } = spawnSync(interpreter, ['-c', `${program}\n${MEASURE}`, String(size)], {
        encoding: 'utf8',
      })
      if (status !== 0) throw new Error(`${module} failed: ${stderr}`)
      return Number(stdout.trim().split('\n').at(-1))
    }
    return Object.assign(runs, { measuresItself: true })
  }
}

const MEASURE = `
import sys, time
_size = int(sys.argv[1])
run(max(1, _size // 10))
_start = time.perf_counter_ns()
run(_size)
print((time.perf_counter_ns() - _start) / _size)
`
