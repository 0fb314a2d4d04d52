import nodeCrypto from 'node:crypto'
import nodeZlib from 'node:zlib'
import { parkingOn, type Twin } from './background.ts'
import { type AnyFunction, swap, type Told } from './swap.ts'

/** From so many bytes on it is worth the way to another thread and back. */
const WORTH = 16_384

const sizeOf = (value: unknown): number =>
  typeof value === 'number'
    ? value
    : ((value as { byteLength?: number; length?: number } | null)?.byteLength ??
      (value as { length?: number } | null)?.length ??
      0)

/** Keys with which signing takes a millisecond; what is no key object may be one of them. */
const isSlow = (key: unknown): boolean => {
  const { key: inner = key } = (key ?? {}) as { readonly key?: unknown }
  const type = (inner as { readonly asymmetricKeyType?: unknown } | null | undefined)?.asymmetricKeyType
  return type === undefined || /^(?:rsa|dsa)/.test(String(type))
}

const cryptoTwins: Readonly<Record<string, Twin>> = {
  argon2Sync: { args: 2 },
  checkPrimeSync: { args: 2 },
  generateKeyPairSync: { args: 2, result: ([publicKey, privateKey]) => ({ publicKey, privateKey }) },
  generateKeySync: { args: 2 },
  generatePrimeSync: { args: 2 },
  hkdfSync: { args: 5 },
  pbkdf2Sync: { args: 5 },
  // The same function as its twin: it blocks if there is no callback.
  randomBytes: { args: 1, takes: ([size, callback]) => callback === undefined && sizeOf(size) >= WORTH },
  randomFillSync: { args: 3, takes: ([buffer]) => sizeOf(buffer) >= WORTH },
  scryptSync: { args: 4 },
  // The same functions as their twins. To verify is quick, unless there is much to hash.
  sign: {
    args: 3,
    again: true,
    twin: 'sign',
    takes: ([, data, key, callback]) => callback === undefined && (isSlow(key) || sizeOf(data) >= WORTH),
  },
  verify: {
    args: 4,
    again: true,
    twin: 'verify',
    takes: ([, data, , , callback]) => callback === undefined && sizeOf(data) >= WORTH,
  },
}

const large = ([input]: readonly unknown[]): boolean => sizeOf(input) >= 1024

/** A frame says how large its content is, if that is known from the start. On Node 24 the twin does not know by itself. */
const withSize = ([input, options]: readonly unknown[]): unknown[] => {
  const size = typeof input === 'string' ? Buffer.byteLength(input) : sizeOf(input)
  return [input, { pledgedSrcSize: size, ...(options as object | undefined) }]
}

// What unpacks may become large, however small it is.
const zlibTwins: Readonly<Record<string, Twin>> = {
  ...{ brotliCompressSync: { args: 2, takes: large }, brotliDecompressSync: { args: 2 } },
  ...{ deflateSync: { args: 2, takes: large }, inflateSync: { args: 2 } },
  ...{ deflateRawSync: { args: 2, takes: large }, inflateRawSync: { args: 2 } },
  ...{ gzipSync: { args: 2, takes: large }, gunzipSync: { args: 2 }, unzipSync: { args: 2 } },
  ...{ zstdCompressSync: { args: 2, takes: large, given: withSize }, zstdDecompressSync: { args: 2 } },
}

const patchTable = (module: string, owner: object, table: Readonly<Record<string, Twin>>, told: Told): void => {
  const functions = owner as Record<string, AnyFunction>
  for (const [name, twin] of Object.entries(table)) {
    const background = functions[twin.twin ?? name.replace(/Sync$/, '')]
    if (background === undefined) continue
    const done = swap(owner, name, (former) => parkingOn(`${module}.${name}`, twin, background, former))
    told(`${module}.${name}`, done)
  }
}

/** Patches the functions of `node:crypto` that are slow on purpose, or for much data. */
export function patchCrypto(told: Told): void {
  patchTable('crypto', nodeCrypto, cryptoTwins, told)
}

/** Patches what packs and unpacks in `node:zlib`. */
export function patchZlib(told: Told): void {
  patchTable('zlib', nodeZlib, zlibTwins, told)
}
