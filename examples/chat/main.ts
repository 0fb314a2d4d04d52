// node dist/examples/chat/main.js        then try, in two terminals: nc 127.0.0.1 7001
//
// A chat: say your name, then what you have to say. /join ROOM, /who, /quit. PORT=… for another port than 7001.
//
// Whoever does not take what is said, or not as fast, loses the oldest lines, is told how many, and slows nobody. For each
// client at most 16 KiB that are on their way and 100 lines are kept.
//
// Ctrl-C hangs up on all, but not before they have had a second to take what was said. Another one ends it at once.
import { run } from 'fibril'
import { serve } from 'fibril/net'
import { Rooms } from './rooms.ts'
import { serveChat } from './server.ts'

const rooms = new Rooms()

await run(
  serve((client) => serveChat(client, rooms), {
    port: Number(process.env['PORT'] ?? 7001),
    backlog: 4096,
    maxLine: 1000,
    highWaterMark: 16_384,
    closeMs: 1000,
    onListen(server) {
      console.log(`chat on ${server.name}`)
      process.once('SIGINT', () => run(server.stop({ grace: 2000 })))
    },
  }),
)
