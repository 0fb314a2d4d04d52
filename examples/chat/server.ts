import { fn, spawn, timeoutOr } from 'fibril'
import type { Stream } from 'fibril/net'
import type { Member } from './member.ts'
import type { Rooms } from './rooms.ts'

/** Milliseconds in which one who leaves may still take what was said before. */
const LAST_WORDS = 1000

/** Serves one client, until it leaves. One task reads, one writes: a client that does not read is still heard. */
export const serveChat = fn(function* (client: Stream, rooms: Rooms) {
  yield* client.write('* your name?\n')
  const name = yield* client.readLine()
  if (name === null) return
  const member = rooms.admit(name)
  if (typeof member === 'string') return yield* client.write(`* ${member}\n`)
  const delivery = spawn(deliver(member, client))
  try {
    rooms.move(member, 'lobby')
    for (let line: string | null; (line = yield* client.readLine()) !== null && line !== '/quit'; ) {
      obey(member, line, rooms)
    }
    member.outbox.close()
    yield* timeoutOr(LAST_WORDS, undefined, delivery.join())
  } finally {
    delivery.cancel()
    rooms.dismiss(member)
  }
})

/** Sends what is said, as fast as the client takes it, until there will be no more. */
const deliver = fn(function* (member: Member, client: Stream) {
  yield* member.outbox.forEach(function* (line) {
    yield* client.write(`${member.losses()}${line}\n`)
  })
})

/** A command, or something to say. */
function obey(member: Member, line: string, rooms: Rooms): void {
  const [, command, argument = ''] = /^\/(\w*) ?(.*)/.exec(line) ?? []
  if (command === undefined) rooms.say(member, `${member.name}: ${line}`)
  else if (command === 'join' && /^[\w-]{1,20}$/.test(argument)) rooms.move(member, argument)
  else if (command === 'who') member.tell(`* here: ${[...rooms.around(member)].slice(0, 50).join(' ')}`)
  else member.tell('* there are /join ROOM, /who and /quit; anything else is said to the room')
}
