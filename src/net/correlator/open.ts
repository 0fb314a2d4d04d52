import { Correlator } from './correlator.ts'
import type { CorrelatorOptions, MessageChannel } from './options.ts'

/**
 * Shares a connection among the requests of many tasks. It reads in a task that belongs to the scope of the caller, which
 * therefore does not end before the correlator is closed: `using client = openCorrelator(…)`.
 *
 * ```ts
 * import { all, run, spawn } from 'fibril'
 * import { type MessageChannel, openCorrelator } from 'fibril/net'
 * import { Channel, Queue } from 'fibril/sync'
 *
 * interface Ask { id: number; text: string }
 * const there = new Queue<Ask>()
 * const back = new Channel<Ask>()
 * const wire: MessageChannel<Ask, Ask> = {
 *   receive: () => back.receive(),
 *   send: (message) => there.put(message),
 *   close: () => there.join(),
 * }
 *
 * await run(function* () {
 *   using client = openCorrelator(wire, {
 *     withId: (text: string, id: number) => ({ id, text }),
 *     idOf: (reply) => reply.id,
 *     resultOf: (reply) => reply.text,
 *   })
 *   spawn(function* peer() {
 *     const asked = [yield* there.get(), yield* there.get()]
 *     for (const { id, text } of asked.reverse()) yield* back.send({ id, text: `${text}!` })
 *     there.taskDone()
 *     there.taskDone()
 *   })
 *   const replies = yield* all([client.request('one'), client.request('two')])
 *   console.log(replies.join(' ')) // => one! two!
 * })
 * ```
 */
export function openCorrelator<In, Out, Request = Out, Reply = In, Id = number>(
  channel: MessageChannel<In, Out>,
  options: CorrelatorOptions<Request, Reply, Id, In, Out>,
): Correlator<Request, Reply> {
  return new Correlator<Request, Reply>(
    channel as unknown as MessageChannel<unknown, unknown>,
    options as unknown as CorrelatorOptions<unknown, unknown, unknown, unknown, unknown>,
  )
}
