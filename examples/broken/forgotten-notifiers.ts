// Grows for ever: each session leaves a task behind that waits for news on behalf of somebody who has gone.
// See docs/inspector-page.md for how to find the line.
import { fn, run, sleep, spawn } from 'fibril'
import { Event } from 'fibril/sync'

class Room {
  readonly news = new Event({ name: 'news' })
}

const notify = fn(function* notify(room: Room, user: number) {
  for (;;) {
    yield* room.news.wait()
    console.log(`user ${user} is told`)
  }
})

const session = fn(function* session(room: Room, user: number) {
  spawn.detached(notify(room, user)) // at fault: nobody ends it when the session ends
  yield* sleep(100) // the user reads, and leaves
})

await run(function* chat() {
  const room = new Room()
  console.log('open')
  for (let user = 1; ; user++) {
    spawn(session(room, user))
    yield* sleep(20)
  }
})
