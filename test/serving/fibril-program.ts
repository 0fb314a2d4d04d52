/** HTTP and lines by Fibril, on two ports. */
import { all, run, sleep } from '../../src/index.ts'
import { serveHttp } from '../../src/net/http/index.ts'
import { serve } from '../../src/net/index.ts'

await run(
  all([
    serveHttp(
      function* (request, response) {
        try {
          if (request.path === '/slow') yield* sleep(Infinity)
          yield* response.json({ pid: process.pid })
        } finally {
          if (request.path === '/slow') console.log('the slow request has tidied up')
        }
      },
      { port: 0 },
    ),
    serve(
      function* (socket) {
        for (let line: string | null; (line = yield* socket.readLine()) !== null; )
          yield* socket.write(`${line} ${process.pid}\n`)
        yield* socket.write('bye\n')
      },
      { port: 0 },
    ),
  ]),
)
console.log('the program has ended by itself')
