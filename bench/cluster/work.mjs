/** Holds its thread for so many ms, and no core: so more workers than cores can be told apart. */
export function hold(ms) {
  if (ms > 0) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms)
}
