// node dist/examples/serving/main.js [workers]        PORT=… for another port than 8000
//
// Serves `pages.ts` by several processes until SIGINT (Ctrl-C) or SIGTERM. SIGHUP replaces them, one by one, without losing a
// request. The same without a program: npx fibril serve dist/examples/serving/pages.js
import { run } from 'fibril'
import { serveAcross, WorkerError } from 'fibril/serving'

try {
  await run(function* () {
    const [workers = '2'] = process.argv.slice(2)
    const service = yield* serveAcross(new URL('./pages.ts', import.meta.url), {
      workers: Number(workers),
      prefix: true,
    })
    console.log(`${service} on port ${service.port}`)
    for (const { number, pid } of service.stats().workers) console.log(`worker ${number}: ${pid}`)
    yield* service.join()
    console.log(`${service} has stopped`)
  })
} catch (error) {
  // A port that is taken is no bug, and deserves no stack trace.
  if (!(error instanceof WorkerError)) throw error
  console.error(error.message)
  process.exitCode = 1
}
