import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { compile } from '../../src/green/compile/index.ts'

const folder = mkdtempSync(join(tmpdir(), 'fibril-gevent-'))
after(() => rmSync(folder, { recursive: true }))
const url = (path: string) => new URL(`../../src/${path}/index.js`, import.meta.url).href

const program = `
import {
  assertSwitches, Event, getcurrent, greenlet, joinall, killall, Pool, select, sleep, socket, spawn, StreamServer,
  subprocess, ThreadPool, wait, WSGIServer,
} from ${JSON.stringify(url('gevent/green'))}
import { run, connect } from ${JSON.stringify(url('green'))}

function serving() {
  const server = new StreamServer(0, (peer, address) => {
    for (const line of peer.lines()) peer.write(line.toUpperCase() + '\\n')
  })
  server.start()
  const clients = ['a', 'b'].map((word) => spawn(() => {
    const client = connect({ port: server.serverPort })
    client.write(word + '\\n')
    const answer = client.readLine()
    client.close()
    return answer
  }))
  const answers = joinall(clients).map((g) => g.value).sort()
  server.stop()
  return answers
}

function sockets() {
  const listener = new socket.Socket()
  listener.listen(0)
  const echo = spawn(() => {
    const [peer] = listener.accept()
    peer.sendall(peer.recv(10))
    peer.close()
  })
  const client = socket.createConnection(['127.0.0.1', listener.getsockname().port])
  client.sendall('over')
  const [readable] = select([client], [], 5000)
  const got = [readable[0] === client, String(client.recv(10)), client.recv(10).length]
  echo.join()
  client.close()
  listener.close()
  return got
}

function http() {
  const server = new WSGIServer(0, (environ, startResponse) => {
    sleep(1)
    const write = startResponse('200 OK', [['content-type', 'text/plain']])
    write('first ')
    return [environ.PATH_INFO, ' ', environ['wsgi.input'].text()]
  })
  server.start()
  const answer = subprocess.checkOutput([process.execPath, '-e', \`
    fetch('http://127.0.0.1:\${server.serverPort}/path', { method: 'POST', body: 'body' }).then((r) => r.text()).then(console.log)
  \`])
  server.stop()
  return answer.trim()
}

function processes() {
  const cat = new subprocess.Popen(['cat'], { stdin: subprocess.PIPE, stdout: subprocess.PIPE })
  cat.stdin.write('line\\n')
  const line = cat.stdout.readLine()
  cat.stdin.end()
  return [line, cat.wait(), subprocess.call(['false'])]
}

function threads() {
  const pool = new ThreadPool('data:text/javascript,export const double = (n) => 2 * n')
  const result = pool.spawn('double', 4)
  const got = [pool.apply('double', 1), result.get(), pool.map('double', [5, 6]).join()]
  pool.kill()
  return got
}

function switching() {
  const main = greenlet.getcurrent()
  const g = new greenlet((name) => {
    const back = main.switch('hello ' + name)
    return back + ' and bye'
  })
  const first = g.switch('Ada')
  return [first, g.switch('again'), g.dead, g.parent === main]
}

function others() {
  const event = new Event()
  const g = spawn(() => event.wait())
  const linked = []
  g.link((ended) => { sleep(1); linked.push(ended === g) })
  const raw = (ended) => linked.push('never')
  g.rawlink(raw)
  g.unlink(raw)
  event.set()
  g.join()
  wait()
  const long = [spawn(sleep, 1000), spawn(sleep, 1000)]
  sleep(1)
  killall(long)
  return [linked.join(), long.every((it) => it.dead), assertSwitches(() => { sleep(1); return 'switched' }), getcurrent().name,
    [...new Pool(2).imap((n) => { sleep(1); return n }, [1, 2])].join()]
}

export const result = await run(function main() {
  return { serving: serving(), sockets: sockets(), http: http(), processes: processes(), threads: threads(), switching: switching(), others: others() }
})
`

const expected = {
  serving: ['A', 'B'],
  sockets: [true, 'over', 0],
  http: 'first /path body',
  processes: ['line', 0, 1],
  threads: [2, 8, '10,12'],
  switching: ['hello Ada', 'again and bye', true, true],
  others: ['true', true, 'switched', 'main', '1,2'],
}

for (const stress of [false, true]) {
  test(`servers, sockets, processes, threads and bare greenlets as plain blocking calls${stress ? ', when every call parks' : ''}`, async () => {
    const { code } = compile(program, {
      url: import.meta.url,
      format: 'module',
      language: 'js',
      runtime: url('green/runtime'),
      stress,
    })
    const file = join(folder, `program-${stress}.mjs`)
    writeFileSync(file, code)
    const { result } = (await import(pathToFileURL(file).href)) as { result: unknown }
    assert.deepEqual(result, expected)
  })
}
