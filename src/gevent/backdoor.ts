import { type REPLServer, start as startRepl } from 'node:repl'
import { inspect } from 'node:util'
import { type Body, Future, fn, UsageError } from '../core/index.ts'
import { type Socket, toNode } from '../net/index.ts'
import { printRunInfo } from './run-info.ts'
import { type ListenerAddress, listenOptions, StreamServer, type StreamServerOptions } from './stream-server.ts'

/** What a backdoor shows. */
export interface BackdoorOptions extends StreamServerOptions {
  /** Names that each connection begins with. */
  readonly locals?: Readonly<Record<string, unknown>>
  /** What it is greeted with. */
  readonly banner?: string
}

const LOOPBACK = new Set(['127.0.0.1', '::1', 'localhost'])

/**
 * A prompt into a running process, for `nc` and `telnet`: each connection has names of its own, `await` works, and `quit()` ends
 * only that connection. `printRunInfo()` is at hand.
 *
 * Whoever can connect can do all that the process can, so it listens on loopback addresses and Unix sockets only: anything else is a
 * `UsageError`.
 *
 * ```ts
 * import { run } from 'fibril'
 * import { connect } from 'fibril/net'
 * import { BackdoorServer } from 'fibril/gevent'
 *
 * await run(function* () {
 *   const server = new BackdoorServer(0, { banner: 'hello', locals: { answer: 42 } })
 *   yield* server.start()
 *   const socket = yield* connect({ port: server.serverPort })
 *   console.log(yield* socket.readLine()) // prints: hello
 *   yield* socket.readUntil('> ')
 *   yield* socket.write('answer + 1\n')
 *   console.log(yield* socket.readLine()) // prints: 43
 *   yield* socket.close()
 *   yield* server.stop()
 * })
 * ```
 */
export class BackdoorServer extends StreamServer {
  private readonly locals: Readonly<Record<string, unknown>>
  private readonly banner: string

  constructor(listener: ListenerAddress, options: BackdoorOptions = {}) {
    const where = listenOptions(listener) as { host?: string; path?: string }
    if (where.path === undefined && where.host !== undefined && !LOOPBACK.has(where.host))
      throw new UsageError(
        `a backdoor on ${where.host} would be open to others: give 127.0.0.1, ::1 or the path of a Unix socket`,
      )
    super(listener, null, options)
    this.locals = options.locals ?? {}
    this.banner =
      options.banner ??
      `Node ${process.version}, process ${process.pid}. quit() leaves, printRunInfo() shows what runs.`
  }

  protected override handle(socket: Socket): unknown {
    return prompt(socket, this.banner, this.locals)
  }
}

const prompt = fn(function* backdoor(
  socket: Socket,
  banner: string,
  locals: Readonly<Record<string, unknown>>,
): Body<void> {
  const stream = toNode(socket)
  const ended = new Future<void>('the prompt to be left')
  stream.write(`${banner}\n`)
  const repl: REPLServer = startRepl({
    input: stream,
    output: stream,
    prompt: '>>> ',
    terminal: false,
    useGlobal: false,
    writer: (value: unknown) => inspect(value, { depth: 2 }),
  })
  const own = {
    ...locals,
    quit: () => repl.close(),
    exit: () => repl.close(),
    printRunInfo: () => printRunInfo(stream),
  }
  for (const [name, value] of Object.entries(own))
    Object.defineProperty(repl.context, name, { value, writable: true, configurable: true, enumerable: true })
  repl.on('exit', () => ended.tryResolve())
  stream.on('close', () => ended.tryResolve())
  stream.on('error', () => ended.tryResolve())
  try {
    yield* ended
  } finally {
    repl.close()
    stream.end()
  }
})
