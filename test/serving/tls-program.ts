/** TLS by Fibril, and a Unix socket that is nobody else's. */
import { statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { run, spawn } from '../../src/index.ts'
import { listen, listenTls } from '../../src/net/index.ts'
import { identity } from '../net/tls/certificates.ts'

const path = join(tmpdir(), `fibril-serving-${process.ppid}`)

await run(function* () {
  const secure = yield* listenTls({ port: 0, certificates: identity('server') })
  const unix = yield* listen({ path, mode: 0o600 })
  spawn(unix.serve(() => {}))
  yield* secure.serve((socket) => socket.write(`${(statSync(path).mode & 0o777).toString(8)} ${process.pid}`))
})
