/** The port to talk to or to serve on: `PORT`, or 25000. */
export function portFromEnvironment(): number {
  const port = Number(process.env['PORT'] ?? 25_000)
  if (Number.isInteger(port) && port >= 0 && port <= 65_535) return port
  console.error(`PORT is ${process.env['PORT']}: give a whole number from 0 to 65535`)
  process.exit(2)
}
