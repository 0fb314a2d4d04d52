/** Listens on PORT, says where, and stops on SIGINT or SIGTERM. */
export function serveUntilSignal(server, cleanUp) {
  server.listen(Number(process.env.PORT ?? 8080), '127.0.0.1', () => {
    console.log(`http://127.0.0.1:${server.address().port}`)
  })
  const stop = () => {
    server.close(async () => {
      await cleanUp()
      process.exit()
    })
    server.closeIdleConnections()
  }
  process.once('SIGINT', stop)
  process.once('SIGTERM', stop)
}
