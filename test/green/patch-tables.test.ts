import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import crypto from 'node:crypto'
import { afterEach, describe, test } from 'node:test'
import { Worker } from 'node:worker_threads'
import zlib from 'node:zlib'
import { allSettled, run, spawn, wait, yieldNow } from '../../src/green/index.ts'
import { patchAll, unpatch } from '../../src/green/patch/index.ts'
import { byHand, itByHand, waits } from './api-by-hand.ts'
import { type Attempt, callInTask, callPlainly } from './patch-outcome.ts'

const text = 'to be or not to be '.repeat(200)
const packed = (pack: (data: string) => Buffer): Buffer => pack(text)
const broken = Buffer.from('this was never packed')

const cryptoCalls: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  checkPrimeSync: [[7n], [8n, { checks: 1 }], ['bad']],
  hkdfSync: [
    ['sha256', 'key', 'salt', 'info', 20],
    ['sha256', 'key', 'salt', 'info', 1e9],
    ['bad', 'key', 'salt', 'info', 20],
  ],
  pbkdf2Sync: [
    ['pw', 'salt', 10, 20, 'sha256'],
    ['pw', 'salt', 10, 20, 'bad'],
    ['pw', 'salt', 10, 20],
    ['pw', 'salt', 0, 20, 'sha1'],
  ],
  scryptSync: [
    ['pw', 'salt', 20],
    ['pw', 'salt', 20, { N: 2 }],
    ['pw', 'salt', 20, { N: 3 }],
    ['pw', 'salt', 20, { maxmem: 1 }],
    ['pw'],
  ],
  generateKeyPairSync: [['bad'], ['rsa', {}], ['rsa', { modulusLength: 1.5 }]],
  generateKeySync: [
    ['bad', {}],
    ['aes', { length: 5 }],
  ],
  generatePrimeSync: [[8, { add: 1000n }], ['bad']],
  randomFillSync: [[Buffer.alloc(20_000), 30_000], [5]],
}

const zlibCalls: Readonly<Record<string, readonly (readonly unknown[])[]>> = {
  gzipSync: [[text], [text, { level: 1, info: false }], [text, { level: 50 }], [5]],
  gunzipSync: [
    [packed(zlib.gzipSync)],
    [broken],
    [packed(zlib.gzipSync), { maxOutputLength: 5 }],
    [packed(zlib.gzipSync).subarray(0, 20)],
    [],
  ],
  deflateSync: [[text], [Buffer.from(text)]],
  inflateSync: [[packed(zlib.deflateSync)], [broken]],
  deflateRawSync: [[text]],
  inflateRawSync: [[packed(zlib.deflateRawSync)], [broken]],
  unzipSync: [[packed(zlib.deflateSync)], [packed(zlib.gzipSync)], [broken]],
  brotliCompressSync: [[text, { params: { [zlib.constants.BROTLI_PARAM_QUALITY]: 3 } }]],
  brotliDecompressSync: [[packed(zlib.brotliCompressSync)], [broken]],
}
if ('argon2Sync' in crypto) {
  const parameters = { message: 'pw', nonce: 'salt salt', parallelism: 1, tagLength: 16, memory: 8, passes: 1 }
  const calls = [['argon2id', parameters], ['bad', parameters], ['argon2id', { ...parameters, memory: 1 }], ['argon2d']]
  Object.assign(cryptoCalls, { argon2Sync: calls })
}
if ('zstdCompressSync' in zlib) {
  const pack = zlib.zstdCompressSync as (data: string) => Buffer
  Object.assign(zlibCalls, { zstdCompressSync: [[text]], zstdDecompressSync: [[packed(pack)], [broken]] })
}

describe('in a task, patched calls give and throw what they do elsewhere:', () => {
  afterEach(() => {
    unpatch()
  })

  for (const [module, table] of [
    [crypto, cryptoCalls],
    [zlib, zlibCalls],
  ] as const) {
    for (const [name, variants] of Object.entries(table)) {
      for (const [index, args] of variants.entries()) {
        test(`${name}, ${index + 1} of ${variants.length}`, async () => {
          const attempt: Attempt = [[module, name], ...args]
          const expected = callPlainly(attempt)
          patchAll()
          const { ended, waited } = await callInTask(attempt)
          assert.deepEqual(ended, expected)
          assert.equal(
            waited,
            !(name === 'gzipSync' && args[0] === 5) && name !== 'randomFillSync' ? true : args[0] !== 5,
          )
        })
      }
    }
  }

  itByHand('keys, primes and random bytes are of the kind that was asked for', function* (call) {
    patchAll()
    const pair = (yield* call([crypto, 'generateKeyPairSync'], 'ec', {
      namedCurve: 'P-256',
    })) as crypto.KeyPairKeyObjectResult
    assert.deepEqual([pair.publicKey.type, pair.privateKey.type], ['public', 'private'])
    const encoded = (yield* call([crypto, 'generateKeyPairSync'], 'ed25519', {
      publicKeyEncoding: { type: 'spki', format: 'pem' },
      privateKeyEncoding: { type: 'pkcs8', format: 'der' },
    })) as crypto.KeyPairSyncResult<string, Buffer>
    assert.match(encoded.publicKey, /^-----BEGIN PUBLIC KEY-----/)
    assert.ok(Buffer.isBuffer(encoded.privateKey))
    const key = (yield* call([crypto, 'generateKeySync'], 'aes', { length: 128 })) as crypto.KeyObject
    assert.equal(key.symmetricKeySize, 16)
    const prime = (yield* call([crypto, 'generatePrimeSync'], 32, { bigint: true })) as bigint
    assert.ok(crypto.checkPrimeSync(prime))
    assert.equal(waits.length, 4)
    assert.equal(((yield* call([crypto, 'randomBytes'], 100_000)) as Buffer).length, 100_000)
    const filled = Buffer.alloc(50_000)
    assert.equal(yield* call([crypto, 'randomFillSync'], filled), filled)
    assert.ok(filled.some((byte) => byte !== 0))
    assert.equal(waits.length, 6)
    // Not worth the way.
    assert.equal(((yield* call([crypto, 'randomBytes'], 16)) as Buffer).length, 16)
    assert.equal(waits.length, 6)
    const given = yield* call(wait, new Promise((resolve) => crypto.randomBytes(5, (_, bytes) => resolve(bytes))))
    assert.equal((given as Buffer).length, 5)
  })
})

describe('in a task, patched signatures are what they are elsewhere:', () => {
  afterEach(() => {
    unpatch()
  })
  const rsa = crypto.generateKeyPairSync('rsa', { modulusLength: 1024 })
  const edwards = crypto.generateKeyPairSync('ed25519')
  const pem = rsa.privateKey.export({ type: 'pkcs1', format: 'pem' })
  const large = Buffer.alloc(20_000, 7)
  const signed = crypto.sign('sha256', large, rsa.privateKey)
  // What is called, with what, and whether it is worth the way.
  const calls: readonly (readonly [name: 'sign' | 'verify', waits: boolean, ...args: unknown[]])[] = [
    ['sign', true, 'sha256', Buffer.from('small'), rsa.privateKey],
    ['sign', true, 'sha256', large, pem],
    ['sign', true, 'sha512', large, { key: rsa.privateKey, padding: crypto.constants.RSA_PKCS1_PADDING }],
    ['sign', true, null, large, edwards.privateKey],
    ['sign', false, null, Buffer.from('small'), edwards.privateKey],
    ['sign', true, 'bad', large, rsa.privateKey],
    ['sign', true, 'sha256', large, rsa.publicKey],
    ['sign', true, 'sha256', large, 'no key'],
    ['sign', true, 'sha256', 5, rsa.privateKey],
    ['sign', true],
    ['verify', true, 'sha256', large, rsa.publicKey, signed],
    ['verify', true, 'sha256', large, { key: rsa.publicKey }, Buffer.from('bad')],
    ['verify', true, 'bad', large, rsa.publicKey, signed],
    ['verify', true, 'sha256', large, rsa.publicKey, 5],
    ['verify', false, 'sha256', Buffer.from('small'), rsa.publicKey, signed],
    ['verify', false],
  ]
  for (const [index, [name, waits, ...args]] of calls.entries())
    test(`${name}, ${index + 1} of ${calls.length}`, async () => {
      const attempt: Attempt = [[crypto, name], ...args]
      const expected = callPlainly(attempt)
      patchAll()
      assert.deepEqual(await callInTask(attempt), { ended: expected, waited: waits })
    })

  test('one that is given a callback is left to node', async () => {
    patchAll()
    const signature = await new Promise((resolve) => {
      crypto.sign(null, large, edwards.privateKey, (_error, made) => resolve(made))
    })
    assert.deepEqual(signature, crypto.sign(null, large, edwards.privateKey))
  })
})

describe('a patched Atomics.wait', () => {
  afterEach(() => {
    unpatch()
  })
  const shared = (): Int32Array<SharedArrayBuffer> => new Int32Array(new SharedArrayBuffer(8))

  test('gives and throws at once what it does elsewhere', async () => {
    const longs = new BigInt64Array(new SharedArrayBuffer(16))
    for (const args of [
      [shared(), 0, 1],
      [shared(), 0, 0, 0],
      [shared(), 0, 0, -5],
      [shared(), 0, 0, 5],
      [longs, 1, 1n, 5],
      [longs, 1, 0n, 5],
      [shared(), 9, 0],
      [new Int32Array(4), 0, 0, 1],
      [[], 0, 0],
      [longs, 0, 0],
    ]) {
      const attempt: Attempt = [[Atomics, 'wait'], ...args]
      const expected = callPlainly(attempt)
      patchAll()
      const { ended } = await callInTask(attempt)
      unpatch()
      const told = (end: typeof ended): unknown => ('error' in end ? (end.error as { name: string }).name : end.value)
      assert.equal(told(ended), told(expected))
    }
  })

  // Not under a TestHost, which cannot see a worker that is about to wake somebody.
  test('is woken by a worker', async () => {
    patchAll()
    const cells = shared()
    const source = `const { workerData: cells } = require('worker_threads')
      while (Atomics.notify(cells, 0) === 0) Atomics.wait(cells, 1, 0, 1)`
    const worker = new Worker(source, { eval: true, workerData: cells })
    const exit = new Promise((resolve) => worker.once('exit', resolve))
    assert.equal(
      await run(
        byHand(function* (call) {
          return yield* call([Atomics, 'wait'], cells, 0, 0)
        }),
      ),
      'ok',
    )
    await exit
  })

  test('keeps the process alive meanwhile', () => {
    const script = `import { patchAll } from ${JSON.stringify(new URL('../../src/green/patch/index.js', import.meta.url).href)}
      import { run, spawn } from ${JSON.stringify(new URL('../../src/green/index.js', import.meta.url).href)}
      patchAll()
      const cells = new Int32Array(new SharedArrayBuffer(4))
      run(Atomics.wait, cells, 0, 0, 50).then(console.log)`
    const { stdout } = spawnSync(process.execPath, ['--input-type=module', '-e', script], { encoding: 'utf8' })
    assert.equal(stdout, 'timed-out\n')
  })

  itByHand('that is cancelled passes its notification on', function* (call) {
    patchAll()
    const cells = shared()
    const [first, second] = [0, 1].map(() => spawn.detached(Atomics.wait as never, cells, 0, 0))
    while (first?.state !== 'parked' || second?.state !== 'parked') yield* call(yieldNow)
    first.cancel()
    yield* call(allSettled, [first])
    Atomics.notify(cells, 0, 1)
    assert.equal(yield* call([second, 'join']), 'ok')
  })
})

test('the report says what was patched now and before, and options leave parts out', () => {
  const { patched, already } = patchAll({ fs: false, childProcess: false })
  assert.ok(
    patched.includes('zlib.gzipSync') && patched.includes('Atomics.wait') && patched.includes('crypto.scryptSync'),
  )
  assert.ok(!patched.some((name) => name.startsWith('fs.')))
  assert.deepEqual(already, [])
  const second = patchAll({ fs: false, childProcess: false })
  assert.deepEqual([second.patched, second.already], [[], patched])
  assert.deepEqual(unpatch(), [])
})

test('what somebody else has put over a patch is left, and named', () => {
  patchAll()
  const ours = zlib.gzipSync
  const theirs = ((...args: Parameters<typeof ours>) => ours(...args)) as typeof ours
  zlib.gzipSync = theirs
  assert.deepEqual(unpatch(), ['gzipSync'])
  assert.equal(zlib.gzipSync, theirs)
  assert.equal(zlib.gzipSync('x').length, zlib.gzipSync('x').length)
})
