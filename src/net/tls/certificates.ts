import { constants } from 'node:crypto'
import { createSecureContext, type SecureContext, type SecureContextOptions } from 'node:tls'
import { CertificateError } from './errors.ts'

/**
 * A certificate with its key, and how to speak TLS with it: the options of Node's `tls.createSecureContext`, such as
 * `cert`, `key`, `ca`, `passphrase`, `minVersion` and `ciphers`.
 */
export type TlsIdentity = SecureContextOptions

/** What a server shows to its clients. */
export interface TlsCertificateOptions extends TlsIdentity {
  /**
   * What to show to a client that asks for another name (SNI). Either a table, in which `*.example.com` stands for each name that
   * has one label more than `example.com`, or a function, which may answer later, and null for the default.
   */
  readonly names?: { readonly [name: string]: TlsIdentity } | SelectIdentity
}

/** Chooses what to show to a client that asks for `name`. A `SecureContext` that was made once costs least. */
export type SelectIdentity = (
  name: string,
) => TlsIdentity | SecureContext | null | undefined | PromiseLike<TlsIdentity | SecureContext | null | undefined>

interface Contexts {
  readonly fallback: SecureContext
  readonly table: ReadonlyMap<string, SecureContext>
  readonly select: SelectIdentity | null
}

/**
 * The certificates of a server, by the name that a client asks for. One object may serve any number of listeners, and can
 * be renewed while they listen.
 *
 * ```ts
 * import { readFileSync } from 'node:fs'
 * import { TlsCertificates } from 'fibril/net'
 *
 * const identity = (name: string) => ({
 *   cert: readFileSync(`test/net/certificates/${name}.pem`),
 *   key: readFileSync(`test/net/certificates/${name}-key.pem`),
 * })
 * const certificates = new TlsCertificates({
 *   ...identity('server'),
 *   names: { 'alpha.test': identity('alpha'), '*.beta.test': identity('beta') },
 * })
 * process.on('SIGHUP', () => certificates.renew(identity('server')))
 * ```
 */
export class TlsCertificates {
  #contexts: Contexts

  /** A certificate or a key that cannot be used is a `CertificateError`. */
  constructor(options: TlsCertificateOptions) {
    this.#contexts = contextsOf(options)
  }

  /**
   * Takes others from now on, all of them or, if one cannot be used, none: that is a `CertificateError`. Connections that are
   * there keep what they have; handshakes that begin after this show the new.
   */
  renew(options: TlsCertificateOptions): void {
    this.#contexts = contextsOf(options)
  }

  /** @internal What a client sees that asks for no name. */
  get fallback(): SecureContext {
    return this.#contexts.fallback
  }

  /** @internal What a client sees that asks for `name`. */
  select(name: string): SecureContext | PromiseLike<SecureContext> {
    const { fallback, table, select } = this.#contexts
    if (select === null) {
      const asked = name.toLowerCase()
      return table.get(asked) ?? table.get(asked.replace(/^[^.]*/, '*')) ?? fallback
    }
    const made = (chosen: TlsIdentity | SecureContext | null | undefined): SecureContext =>
      chosen === null || chosen === undefined ? fallback : contextOf(chosen, `for the name ${name}`)
    const chosen = select(name)
    return chosen !== null && typeof chosen === 'object' && 'then' in chosen ? chosen.then(made) : made(chosen)
  }
}

function contextsOf({ names = {}, ...identity }: TlsCertificateOptions): Contexts {
  const fallback = makeContext(identity, 'of this server')
  if (typeof names === 'function') return { fallback, table: new Map(), select: names }
  const table = Object.entries(names).map(
    ([name, of]) => [name.toLowerCase(), makeContext(of, `for the name ${name}`)] as const,
  )
  return { fallback, table: new Map(table), select: null }
}

function contextOf(identity: TlsIdentity | SecureContext, whose: string): SecureContext {
  return 'context' in identity ? identity : makeContext(identity, whose)
}

/** Makes what TLS needs of certificates and keys. With it a peer cannot ask for the handshake to be made again. */
export function makeContext(identity: TlsIdentity, whose: string): SecureContext {
  try {
    const { secureOptions = 0 } = identity
    return createSecureContext({
      // Without one, OpenSSL refuses to resume sessions where clients show certificates.
      sessionIdContext: 'fibril',
      ...identity,
      secureOptions: secureOptions | constants.SSL_OP_NO_RENEGOTIATION,
    })
  } catch (cause) {
    throw new CertificateError(`the certificate ${whose} cannot be used: ${(cause as Error).message}.`, cause)
  }
}
