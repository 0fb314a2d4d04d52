import { writeSync } from 'node:fs'

/** Writes to an open file, at once: it is there also if the process leaves now. */
export function writeAll(to: number, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.length; ) at += writeSync(to, bytes, at)
}
