import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'

/** The test certificates of this repository, for who has none: anybody has their keys, so they prove nothing. */
const test = (name: string): string =>
  fileURLToPath(new URL(`../../../test/net/certificates/${name}.pem`, import.meta.url))

/** What the command line says, `--name value`; what it does not say is as in `defaults`. */
export function flags<const N extends string>(names: readonly N[], defaults: { readonly [name in N]?: string } = {}) {
  const options = Object.fromEntries(names.map((name) => [name, { type: 'string' as const }]))
  const { values } = parseArgs({ options })
  return { ...defaults, ...values } as { readonly [name in N]?: string }
}

/** The certificate and the key in two files, read now. */
export function identity(cert = test('server'), key = test('server-key')): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(cert), key: readFileSync(key) }
}

/** The certificates of the authorities to trust, in a file. */
export function authorities(ca = test('ca')): Buffer {
  return readFileSync(ca)
}

/** A port that the command line gave. */
export function portOf(text = '8443'): number {
  const port = Number(text)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  console.error(`${text} is no port: give a whole number from 0 to 65535`)
  process.exit(2)
}
