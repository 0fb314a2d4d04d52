import { createHash, createHmac, pbkdf2Sync, randomBytes } from 'node:crypto'
import { Binary, type Document } from 'bson'
import { Refusal } from './mongo-refusal.ts'

const ROUNDS = 4096

/** The server's side of SCRAM-SHA-256, for one connection. What it stores it makes of the password, each time anew. */
export class ScramServer {
  readonly #passwords: ReadonlyMap<string, string>
  #exchange: { readonly user: string; readonly texts: string; readonly nonces: string; readonly salt: Buffer } | null =
    null
  #in = false

  constructor(passwords: ReadonlyMap<string, string>) {
    this.#passwords = passwords
  }

  /** Whether this connection may do what it likes. */
  get done(): boolean {
    return this.#in || this.#passwords.size === 0
  }

  step(command: Document): Document {
    const text = Buffer.from((command['payload'] as Binary).value()).toString()
    return command['saslStart'] === undefined ? this.#end(text) : this.#begin(text, command['mechanism'])
  }

  #begin(text: string, mechanism: string): Document {
    const [, bare = '', user = '', nonce = ''] = /^n,,(n=([^,]*),r=(.+))$/.exec(text) ?? []
    if (mechanism !== 'SCRAM-SHA-256' || nonce === '') throw new Refusal(2, 'BadValue', `no ${mechanism}: ${text}`)
    const salt = randomBytes(16)
    const nonces = nonce + randomBytes(18).toString('base64')
    const challenge = `r=${nonces},s=${salt.toString('base64')},i=${ROUNDS}`
    const name = user.replaceAll('=2C', ',').replaceAll('=3D', '=')
    this.#exchange = { user: name, texts: `${bare},${challenge}`, nonces, salt }
    return this.#reply(challenge, false)
  }

  #end(text: string): Document {
    const [, unproven = '', nonces = '', proof = ''] = /^(c=biws,r=([^,]+)),p=(.+)$/.exec(text) ?? []
    const exchange = this.#exchange
    this.#exchange = null
    const password = this.#passwords.get(exchange?.user ?? '')
    if (exchange === null || password === undefined || nonces !== exchange.nonces) throw this.#refusal()
    const salted = pbkdf2Sync(password.normalize('NFKC'), exchange.salt, ROUNDS, 32, 'sha256')
    const texts = `${exchange.texts},${unproven}`
    const storedKey = createHash('sha256').update(hmac(salted, 'Client Key')).digest()
    const signature = hmac(storedKey, texts)
    const clientKey = Buffer.from(proof, 'base64').map((byte, at) => byte ^ (signature[at] ?? 0))
    if (!createHash('sha256').update(clientKey).digest().equals(storedKey)) throw this.#refusal()
    this.#in = true
    return this.#reply(`v=${hmac(hmac(salted, 'Server Key'), texts).toString('base64')}`, true)
  }

  #reply(text: string, done: boolean): Document {
    return { conversationId: 1, done, payload: new Binary(Buffer.from(text)) }
  }

  #refusal(): Refusal {
    return new Refusal(18, 'AuthenticationFailed', 'Authentication failed.')
  }
}

function hmac(key: Uint8Array, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest()
}
