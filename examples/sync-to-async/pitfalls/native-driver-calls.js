import { spawnSync } from 'node:child_process'

/** A query of a driver that blocks for so long. */
export function query(ms) {
  spawnSync(process.execPath, ['-e', `Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ${ms})`])
  return 'row'
}
