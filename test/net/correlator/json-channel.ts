import { type Body, fn, type Operation } from '../../../src/index.ts'
import { type MessageChannel, memoryPair, type Stream, type StreamOptions } from '../../../src/net/index.ts'

/** Messages as lines of JSON over a stream. */
export class JsonChannel<In, Out> implements MessageChannel<In, Out> {
  readonly stream: Stream

  constructor(stream: Stream) {
    this.stream = stream
  }

  get name(): string {
    return this.stream.name
  }

  receive(): Operation<In | null> {
    return receive(this.stream) as Operation<In | null>
  }

  send(message: Out): Operation<void> {
    return this.stream.write(`${JSON.stringify(message)}\n`)
  }

  close(): Operation<void> {
    return this.stream.close()
  }
}

const receive = fn(function* receive(stream: Stream): Body<unknown> {
  const line = yield* stream.readLine()
  return line === null ? null : JSON.parse(line)
})

export interface Message {
  readonly id?: number
  readonly text: string
}

/** Two ends of a connection in memory. */
export function jsonPair(options?: StreamOptions): [JsonChannel<Message, Message>, JsonChannel<Message, Message>] {
  const [here, there] = memoryPair({ ...options, names: ['client', 'server'] })
  return [new JsonChannel(here), new JsonChannel(there)]
}

/** How most tests speak. */
export const byId = {
  withId: (text: string, id: number): Message => ({ id, text }),
  idOf: (message: Message): number | undefined => message.id,
  resultOf: (message: Message): string => {
    if (message.text.startsWith('error')) throw new Error(message.text)
    return message.text
  },
}
