/* What the workers of all pools run. piscina and tinypool call the default export. */
import { move as moveInPiscina } from 'piscina'
import { Tinypool } from 'tinypool'
import { transfer } from '../../dist/src/offload/index.js'

export function inc(n) {
  return n + 1
}

// biome-ignore lint/style/noDefaultExport: piscina and tinypool call it
export default inc

/** Gives back the memory that it is given, with a mark in it; moved, by Fibril. */
export function mark(bytes) {
  bytes[0]++
  return transfer(bytes)
}

/** The same in piscina. */
export function markInPiscina(bytes) {
  bytes[0]++
  return moveInPiscina(bytes)
}

/** The same in tinypool. */
export function markInTinypool(bytes) {
  bytes[0]++
  return Tinypool.move(bytes)
}
