import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const folder = new URL('../../../../test/net/certificates/', import.meta.url)

/** The certificate of the test authority. */
export const ca = readFileSync(fileURLToPath(new URL('ca.pem', folder)))

/** One of the certificates that scripts/make-test-certificates.sh made, with its key. */
export function identity(name: 'server' | 'expired' | 'alpha' | 'beta' | 'other' | 'client' | 'stranger'): {
  cert: Buffer
  key: Buffer
} {
  const file = (ending: string): Buffer => readFileSync(fileURLToPath(new URL(`${name}${ending}.pem`, folder)))
  return { cert: file(''), key: file('-key') }
}
