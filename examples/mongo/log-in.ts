/**
 * Theory of operation: SCRAM-SHA-256, by which both sides show that they know the password, and neither sends it.
 *
 *   client                                         server
 *   n,,n=user,r=nonce                        ──▶
 *                                            ◀──   r=nonce+its own, s=salt, i=rounds
 *   c=biws, r=both nonces, p=proof           ──▶   the proof: it can be checked with what is stored, and not made from it
 *                                            ◀──   v=signature: made with what only the true server has stored
 *
 * https://www.rfc-editor.org/rfc/rfc7677, and MongoDB's commands around it:
 * https://github.com/mongodb/specifications/blob/master/source/auth/auth.md#scram-sha-256
 */
import { createHash, createHmac, pbkdf2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'
import { Binary, type Document } from 'bson'
import { type Body, BrokenError, fn, UsageError, wait } from 'fibril'
import type { Correlator } from 'fibril/net'
import type { Request } from './request.ts'

/** Who logs in. */
export interface Credentials {
  readonly user: string
  readonly password: string
  /** The database in which the user is known. `admin` if left out. */
  readonly source?: string
}

/** Fewer would make a stolen proof too cheap to try passwords on. */
const FEWEST_ROUNDS = 4096
/** More would keep this side busy for minutes. */
const MOST_ROUNDS = 10_000_000
const KEY_BYTES = 32

const derive = promisify(pbkdf2)
const hmac = (key: Uint8Array, text: string): Buffer => createHmac('sha256', key).update(text).digest()
const hash = (bytes: Uint8Array): Buffer => createHash('sha256').update(bytes).digest()

/** Logs a connection in. A `MongoError` if the server refuses; a `BrokenError` if it cannot show that it is the true one. */
export const logIn = fn(function* (
  commands: Correlator<Request, Document>,
  { user, password, source = 'admin' }: Credentials,
): Body<void> {
  // SASLprep is for what keyboards write in several ways. Of that only the normal form is done here.
  const secret = password.normalize('NFKC')
  if (secret === '') throw new UsageError('a password of MongoDB is not empty')
  const nonce = randomBytes(24).toString('base64')
  const hello = `n=${user.replaceAll('=', '=3D').replaceAll(',', '=2C')},r=${nonce}`
  const first = yield* commands.request({
    command: {
      saslStart: 1,
      mechanism: 'SCRAM-SHA-256',
      payload: new Binary(Buffer.from(`n,,${hello}`)),
      options: { skipEmptyExchange: true },
      $db: source,
    },
  })
  const challenge = textOf(first)
  const { r: nonces = '', s: salt = '', i = '' } = fieldsOf(challenge)
  const rounds = Number(i)
  if (!nonces.startsWith(nonce) || nonces === nonce || salt === '')
    throw new BrokenError('the server does not keep to SCRAM-SHA-256: its answer does not fit what it was sent')
  if (!(rounds >= FEWEST_ROUNDS && rounds <= MOST_ROUNDS))
    throw new BrokenError(
      `the server wants ${i} rounds of SCRAM-SHA-256: from ${FEWEST_ROUNDS} to ${MOST_ROUNDS} are done`,
    )

  const salted = yield* wait(derive(secret, Buffer.from(salt, 'base64'), rounds, KEY_BYTES, 'sha256'))
  const unproven = `c=biws,r=${nonces}`
  const exchange = `${hello},${challenge},${unproven}`
  const clientKey = hmac(salted, 'Client Key')
  const signature = hmac(hash(clientKey), exchange)
  const proof = Buffer.from(clientKey.map((byte, at) => byte ^ (signature[at] as number)))
  let reply = yield* commands.request(sasl(first, `${unproven},p=${proof.toString('base64')}`, source))
  const shown = Buffer.from(fieldsOf(textOf(reply))['v'] ?? '', 'base64')
  const expected = hmac(hmac(salted, 'Server Key'), exchange)
  if (shown.length !== expected.length || !timingSafeEqual(shown, expected))
    throw new BrokenError('the server does not know the password either: it is not the one that it says it is')
  // A server that does not skip it wants one more exchange, of nothing.
  if (reply['done'] !== true) reply = yield* commands.request(sasl(first, '', source))
  if (reply['done'] !== true) throw new BrokenError('the server does not end the log-in')
})

function sasl({ conversationId }: Document, text: string, source: string): Request {
  return { command: { saslContinue: 1, conversationId, payload: new Binary(Buffer.from(text)), $db: source } }
}

function textOf({ payload }: Document): string {
  return payload instanceof Binary ? Buffer.from(payload.buffer).subarray(0, payload.position).toString() : ''
}

/** `r=…,s=…,i=…`; base64 has an = of its own. */
function fieldsOf(text: string): Readonly<Record<string, string>> {
  return Object.fromEntries(text.split(',').map((field) => [field.slice(0, 1), field.slice(2)]))
}
