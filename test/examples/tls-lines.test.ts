import assert from 'node:assert/strict'
import { type ChildProcess, spawn as startProcess } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface, type Interface } from 'node:readline'
import { text } from 'node:stream/consumers'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

// Slow: each of these starts processes.

const file = (name: string): string =>
  fileURLToPath(new URL(`../../../test/net/certificates/${name}.pem`, import.meta.url))

function program(name: 'server' | 'client', ...flags: string[]): ChildProcess {
  const path = fileURLToPath(new URL(`../../examples/tls-lines/${name}.js`, import.meta.url))
  return startProcess(process.execPath, [path, ...flags])
}

/** What a client prints that is given `input`: its output, what it complains of, its exit code. */
async function client(port: string, input: string, ...flags: string[]): Promise<[string, string, number | null]> {
  const child = program('client', '--port', port, ...flags)
  child.stdin!.end(input)
  const said = Promise.all([text(child.stdout!), text(child.stderr!)])
  const [code] = await once(child, 'exit')
  return [...(await said), code]
}

/** Runs `use` while the server runs. */
async function withServer(
  flags: string[],
  use: (port: string, lines: Interface, child: ChildProcess) => Promise<void>,
): Promise<void> {
  const child = program('server', '--port', '0', ...flags)
  try {
    const lines = createInterface({ input: child.stdout! })
    const [first] = await once(lines, 'line')
    const port = /^lines on tls over tcp 127\.0\.0\.1:(\d+)$/.exec(first)?.[1]
    assert.ok(port !== undefined, first)
    await use(port, lines, child)
    const last = once(lines, 'line')
    child.kill('SIGINT')
    assert.deepEqual(await last, ['stopped'])
    assert.deepEqual(await once(child, 'exit'), [0, null])
  } finally {
    child.kill('SIGKILL')
  }
}

test('lines come back in TLS, and who shows a certificate is known by name', async () => {
  await withServer(['--ca', file('ca')], async (port) => {
    assert.deepEqual(await client(port, 'one\ntwo\n'), ['welcome, stranger, to TLSv1.3\n1 one\n2 two\n', '', 0])
    const shown = await client(port, '', '--cert', file('client'), '--key', file('client-key'))
    assert.deepEqual(shown, ['welcome, test client, to TLSv1.3\n', '', 0])
  })
})

test('a client that expects another name is told what to do, and ends with 1', async () => {
  await withServer([], async (port) => {
    const [out, complaint, code] = await client(port, 'secret\n', '--servername', 'elsewhere.test')
    assert.equal(out, '')
    assert.match(complaint, /its certificate is for other names .*ERR_TLS_CERT_ALTNAME_INVALID/)
    assert.equal(code, 1)
  })
})

test('the server takes renewed certificates on SIGHUP', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'fibril-'))
  const [cert, key] = [join(folder, 'cert.pem'), join(folder, 'key.pem')]
  const put = (name: string): void => {
    copyFileSync(file(name), cert)
    copyFileSync(file(`${name}-key`), key)
  }
  try {
    put('expired')
    await withServer(['--cert', cert, '--key', key], async (port, lines, child) => {
      assert.match((await client(port, ''))[1], /has expired/)
      put('server')
      const renewed = once(lines, 'line')
      child.kill('SIGHUP')
      assert.deepEqual(await renewed, ['certificates renewed'])
      assert.deepEqual(await client(port, 'hi\n'), ['welcome, stranger, to TLSv1.3\n1 hi\n', '', 0])
    })
  } finally {
    rmSync(folder, { recursive: true })
  }
})
