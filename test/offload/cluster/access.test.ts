/** Who may come: users, tokens, keys, credentials and TLS, against servers that want them. Slow: they start servers and processes. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { createHash } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { after } from 'node:test'
import { fileURLToPath } from 'node:url'
import { type NodeConnectionOptions, nkeys } from '@nats-io/transport-node'
import { BrokenError } from '../../../src/index.ts'
import { credentials, openJobs, serveCluster, userKey } from '../../../src/offload/cluster/index.ts'
import { cli, failureOf, type Stage, stage, work } from './stage.ts'

const folder = mkdtempSync(join(tmpdir(), 'fibril-access-'))
after(() => rmSync(folder, { recursive: true, force: true }))
const certificate = (name: string): string =>
  fileURLToPath(new URL(`../../../../test/net/certificates/${name}.pem`, import.meta.url))

function fileWith(name: string, content: string | Uint8Array): string {
  const file = join(folder, name)
  writeFileSync(file, content, { mode: 0o600 })
  return file
}

/** A claim of NATS's, signed by a key. */
function signed(by: ReturnType<typeof nkeys.createUser>, subject: string, name: string, nats: object): string {
  const encode = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const claims = { iat: Math.floor(Date.now() / 1000), iss: by.getPublicKey(), name, sub: subject, nats }
  const jti = createHash('sha256').update(JSON.stringify(claims)).digest('hex').toUpperCase()
  const body = `${encode({ typ: 'JWT', alg: 'ed25519-nkey' })}.${encode({ jti, ...claims })}`
  return `${body}.${Buffer.from(by.sign(Buffer.from(body))).toString('base64url')}`
}

/** An operator, an account with JetStream, and a user of it, as `nsc` makes them. */
function accounts(): { config: string; creds: string; strangersCreds: string } {
  const [operator, system, account, user, stranger] = [
    nkeys.createOperator(),
    nkeys.createAccount(),
    nkeys.createAccount(),
    nkeys.createUser(),
    nkeys.createUser(),
  ] as const
  const none = -1
  const limits = {
    ...{ subs: none, data: none, payload: none, imports: none, exports: none, wildcards: true, conn: none, leaf: none },
    ...{ mem_storage: none, disk_storage: none, streams: none, consumer: none },
  }
  const accountClaim = { type: 'account', version: 2, limits }
  const userClaim = { type: 'user', version: 2, subs: none, data: none, payload: none }
  const creds = (jwt: string, seed: Uint8Array): string => `-----BEGIN NATS USER JWT-----
${jwt}
------END NATS USER JWT------

-----BEGIN USER NKEY SEED-----
${Buffer.from(seed)}
------END USER NKEY SEED------
`
  const ofUser = signed(account, user.getPublicKey(), 'worker', userClaim)
  const ofAccount = signed(operator, account.getPublicKey(), 'cluster', accountClaim)
  const ofSystem = signed(operator, system.getPublicKey(), 'system', { type: 'account', version: 2 })
  return {
    config: `operator: ${signed(operator, operator.getPublicKey(), 'operator', { type: 'operator', version: 2 })}
system_account: ${system.getPublicKey()}
resolver: MEMORY
resolver_preload: { ${account.getPublicKey()}: ${ofAccount}, ${system.getPublicKey()}: ${ofSystem} }`,
    creds: creds(ofUser, user.getSeed()),
    strangersCreds: creds(signed(stranger, stranger.getPublicKey(), 'stranger', userClaim), stranger.getSeed()),
  }
}

/** Runs `fibril jobs` for the cluster of the tests; what it says, on either stream. */
async function jobs(...args: string[]): Promise<string> {
  const child = spawn(process.execPath, [cli, 'jobs', ...args, 'cluster-work'], { stdio: ['ignore', 'pipe', 'pipe'] })
  return (await Promise.all([text(child.stdout), text(child.stderr)])).join('')
}

interface Way {
  readonly config: string
  /** For the API, and for the command. */
  readonly right: NodeConnectionOptions
  readonly flags: (stage: Stage) => string[]
  readonly wrong: NodeConnectionOptions
  readonly wrongFlags: (stage: Stage) => string[]
  readonly says: RegExp
}

const withUser = ({ server }: Stage, user: string): string[] => ['--nats', server.url.replace('//', `//${user}@`)]
const refused = /no connection to NATS .*it wants other credentials\. Say who you are by `connection`/
const user = nkeys.createUser()
const strangersSeed = nkeys.createUser().getSeed()
const { config, creds, strangersCreds } = accounts()
const ca = certificate('ca')
const client = { certFile: certificate('client'), keyFile: certificate('client-key') }
const tlsFlags = (authority: string): string[] => [
  ...['--ca', authority, '--cert', client.certFile, '--key', client.keyFile],
]
const tlsConfig = `cert_file: "${certificate('server')}", key_file: "${certificate('server-key')}"`

const ways: Readonly<Record<string, Way>> = {
  'a user and a password': {
    config: 'authorization { user: "clerk", password: "pa:ss" }',
    right: { user: 'clerk', pass: 'pa:ss' },
    flags: (stage) => withUser(stage, 'clerk:pa%3Ass'),
    wrong: { user: 'clerk', pass: 'guess' },
    wrongFlags: (stage) => withUser(stage, 'clerk:guess'),
    says: refused,
  },
  'a token': {
    config: 'authorization { token: "s3cret" }',
    right: { token: 's3cret' },
    flags: (stage) => withUser(stage, 's3cret'),
    wrong: {},
    wrongFlags: (stage) => withUser(stage, 'guess'),
    says: refused,
  },
  'the seed of a key': {
    config: `authorization { users: [{ nkey: ${user.getPublicKey()} }] }`,
    right: { authenticator: userKey(user.getSeed()) },
    flags: ({ server }) => ['--nats', server.url, '--nkey', fileWith('seed', user.getSeed())],
    wrong: { authenticator: userKey(strangersSeed) },
    wrongFlags: ({ server }) => ['--nats', server.url, '--nkey', fileWith('other-seed', strangersSeed)],
    says: refused,
  },
  'a file of credentials': {
    config,
    right: { authenticator: credentials(Buffer.from(creds)) },
    flags: ({ server }) => ['--nats', server.url, '--creds', fileWith('right.creds', creds)],
    wrong: { authenticator: credentials(Buffer.from(strangersCreds)) },
    wrongFlags: ({ server }) => ['--nats', server.url, '--creds', fileWith('wrong.creds', strangersCreds)],
    says: refused,
  },
  'TLS with an authority of its own, and a certificate of the client': {
    config: `tls { ${tlsConfig}, ca_file: "${ca}", verify: true }`,
    right: { tls: { caFile: ca, ...client } },
    flags: ({ server }) => ['--nats', server.url, ...tlsFlags(ca)],
    wrong: { tls: { caFile: certificate('stranger'), ...client } },
    wrongFlags: ({ server }) => ['--nats', server.url, ...tlsFlags(certificate('stranger'))],
    says: /its certificate is not trusted\. Name the authority that signed it by `connection: \{ tls: \{ caFile \} \}` \(--ca\)/,
  },
}

for (const [name, { config, right, flags, wrong, wrongFlags, says }] of Object.entries(ways)) {
  stage(
    `${name}: pool, worker and command come in with what is right, and are told what is wrong`,
    async (stage) => {
      const worker = await stage.startWorker(...flags(stage))
      for (const delivery of ['fast', 'durable'] as const) {
        assert.equal(await stage.pool({ connection: right, delivery }).submit('pid'), worker.pid)
        const error = await failureOf(stage.pool({ connection: wrong, delivery }).submit('pid'))
        assert.ok(error instanceof BrokenError)
        assert.match(error.message, says)
        assert.ok(error.cause instanceof Error)
      }
      const where = { servers: stage.server.url, connection: wrong }
      assert.match((await failureOf(serveCluster(work, where))).message, says)
      assert.match((await failureOf(openJobs('cluster-work', where))).message, says)
      assert.match(await jobs(...flags(stage)), /1 results, 0 dead/)
      assert.match(await jobs(...wrongFlags(stage)), says)
    },
    { config },
  )
}

stage(
  'a client without a certificate, and one whose files are missing, are told what is missing',
  async (stage) => {
    const silent = stage.pool({ connection: { tls: { caFile: ca }, timeout: 2000 } })
    assert.match((await failureOf(silent.submit('pid'))).message, /If it wants a certificate of its clients, give one/)
    const missing = stage.pool({ connection: { tls: { caFile: join(folder, 'nothing.pem') } } })
    assert.match((await failureOf(missing.submit('pid'))).message, /nothing\.pem doesn't exist/)
  },
  { config: `tls { ${tlsConfig}, ca_file: "${ca}", verify: true }` },
)

stage(
  'a certificate for another name is refused',
  async (stage) => {
    const pool = stage.pool({ connection: { tls: { caFile: ca } } })
    assert.match((await failureOf(pool.submit('pid'))).message, /connect to a name that its certificate has/)
  },
  { config: `tls { cert_file: "${certificate('alpha')}", key_file: "${certificate('alpha-key')}" }` },
)

stage('TLS is not done without where it was asked for', async (stage) => {
  const pool = stage.pool({ connection: { tls: { caFile: ca } } })
  assert.match((await failureOf(pool.submit('pid'))).message, /server does not support 'tls'/)
})

stage(
  'a worker whose password is changed while it works ends, and says so',
  async (stage) => {
    const { server } = stage
    const connection = { user: 'clerk', pass: 'old' }
    const worker = await serveCluster(work, { servers: server.url, connection, threads: { size: 1 } })
    const failed = failureOf(worker.join())
    await server.kill()
    writeFileSync(server.config as string, readFileSync(server.config as string, 'utf8').replace('old', 'new'))
    await server.resume()
    assert.match((await failed).message, /has lost its connection for good/)
  },
  { config: 'authorization { user: "clerk", password: "old" }' },
)
