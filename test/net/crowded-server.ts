/**
 * For accept-errors.test.ts: a server in a process that may have few files open. Says its port, then each error that it is
 * told of, then its figures when told to end.
 */
import { run } from '../../src/index.ts'
import { listen } from '../../src/net/index.ts'

await run(function* () {
  const server = yield* listen({ port: 0 })
  console.log(`port ${server.port}`)
  process.once('SIGTERM', () => run(server.stop()))
  yield* server.serve(
    function* (socket) {
      for (let line: string | null; (line = yield* socket.readLine()) !== null; ) yield* socket.write(`${line}\n`)
    },
    { onError: (error) => console.log(`error ${(error as Error).message}`) },
  )
  console.log(`accepted ${server.stats().accepted}`)
})
