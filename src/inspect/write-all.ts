import { writeSync } from 'node:fs'

/** Writes a text to an open file, at once: it is there also if the process leaves now. */
export function writeAll(to: number, text: string): void {
  const bytes = Buffer.from(text)
  for (let at = 0; at < bytes.length; ) at += writeSync(to, bytes, at)
}
