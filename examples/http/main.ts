// node dist/examples/http/main.js            PORT=… for another port than 8000
//
// Serves until SIGINT (Ctrl-C) or SIGTERM: then idle connections are closed, what runs is finished, and the process ends. Try:
//
//   curl -d '{"for": "tabs"}' localhost:8000/votes
//   curl localhost:8000/recount
import { run } from 'fibril'
import { ListenError } from 'fibril/net'
import { serveVotes } from './server.ts'

try {
  await run(
    serveVotes({
      port: Number(process.env['PORT'] ?? 8000),
      onListen(server) {
        console.log(`votes on ${server.name}`)
        const stop = (): void => {
          console.log('votes stop')
          run(server.stop({ grace: 5000 }))
        }
        process.once('SIGINT', stop)
        process.once('SIGTERM', stop)
      },
    }),
  )
  console.log('votes have stopped')
} catch (error) {
  // A port that is taken is no bug, and deserves no stack trace.
  if (!(error instanceof ListenError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
