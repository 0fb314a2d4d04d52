import { transfer } from '../../../src/offload/index.ts'

export function fill(bytes: Uint8Array, value: number): Uint8Array {
  return transfer(bytes.fill(value))
}

export function both({ a, b }: { readonly a: ArrayBuffer; readonly b: ArrayBuffer }): number {
  return a.byteLength + b.byteLength
}

export function size(buffer: ArrayBuffer): number {
  return buffer.byteLength
}
