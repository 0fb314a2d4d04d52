import assert from 'node:assert/strict'
import { after, before, beforeEach, test } from 'node:test'
import { context, SpanStatusCode, trace } from '@opentelemetry/api'
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks'
import {
  BasicTracerProvider,
  InMemorySpanExporter,
  type ReadableSpan,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base'
import { Event, run, sleep, spawn, UsageError } from '../../../src/index.ts'
import { traceTasks } from '../../../src/inspect/otel/index.ts'

const exporter = new InMemorySpanExporter()
const provider = new BasicTracerProvider({ spanProcessors: [new SimpleSpanProcessor(exporter)] })
const manager = new AsyncLocalStorageContextManager()

before(() => {
  context.setGlobalContextManager(manager.enable())
  trace.setGlobalTracerProvider(provider)
})
beforeEach(() => exporter.reset())
after(async () => {
  await provider.shutdown()
  context.disable()
  trace.disable()
})

function spanOf(name: string): ReadableSpan {
  const found = exporter.getFinishedSpans().find((span) => span.name === name)
  assert.ok(found, `no span ${name} in ${exporter.getFinishedSpans().map((span) => span.name)}`)
  return found
}

const parentOf = (name: string): string | undefined => {
  const { parentSpanContext } = spanOf(name)
  return exporter.getFinishedSpans().find((span) => span.spanContext().spanId === parentSpanContext?.spanId)?.name
}

test('a task is a span, and the child of the task that spawned it, also over waits', async () => {
  using _ = traceTasks()
  await run(function* main() {
    yield* sleep(1)
    spawn(function* first() {
      yield* sleep(1)
      spawn(function* below() {
        yield* sleep(1)
      })
    })
    spawn(function* second() {
      yield* sleep(1)
    })
  })

  assert.deepEqual(['main', 'first', 'second', 'below'].map(parentOf), [undefined, 'main', 'main', 'first'])
  assert.equal(spanOf('main').status.code, SpanStatusCode.UNSET)
})

test('spans that other code begins in a task are its children, and a span that is active at a spawn is the parent', async () => {
  using _ = traceTasks()
  const tracer = trace.getTracer('test')
  await run(function* main() {
    yield* sleep(1)
    tracer.startSpan('query').end()
    const span = tracer.startSpan('section')
    const task = context.with(trace.setSpan(context.active(), span), () =>
      spawn(function* inSection() {
        yield* sleep(1)
        tracer.startSpan('deeper').end()
      }),
    )
    yield* task
    span.end()
  })

  assert.deepEqual(['query', 'section', 'inSection', 'deeper'].map(parentOf), ['main', 'main', 'section', 'inSection'])
})

test('tasks that run at the same time keep their spans apart', async () => {
  using _ = traceTasks()
  const tracer = trace.getTracer('test')
  await run(function* main() {
    for (const name of ['a', 'b', 'c']) {
      spawn(
        function* () {
          for (let i = 0; i < 3; i++) {
            yield* sleep(1)
            tracer.startSpan(`${name}${i}`).end()
          }
        },
        { name },
      )
    }
  })
  for (const name of ['a', 'b', 'c']) for (let i = 0; i < 3; i++) assert.equal(parentOf(`${name}${i}`), name)
})

test('a failure is the error of the span, with the exception; a cancel is an attribute', async () => {
  using _ = traceTasks()
  const cancelled = run(function* cancelled() {
    yield* sleep(60_000)
  })
  await assert.rejects(async () => {
    await run(function* failing() {
      yield* sleep(1)
      throw new TypeError('no such thing')
    })
  })
  cancelled.cancel()
  await cancelled.then(undefined, () => {})

  const { status, events } = spanOf('failing')
  assert.deepEqual(status, { code: SpanStatusCode.ERROR, message: 'no such thing' })
  assert.deepEqual(
    events.map(({ name, attributes }) => [name, attributes?.['exception.type']]),
    [['exception', 'TypeError']],
  )
  assert.equal(spanOf('cancelled').attributes['fibril.task.cancelled'], true)
  assert.equal(spanOf('cancelled').status.code, SpanStatusCode.UNSET)
})

test('a long wait is an event with its reason; a short one is none', async () => {
  using _ = traceTasks({ longParkMs: 20 })
  const event = new Event({ name: 'ready' })
  const task = run(function* waiter() {
    yield* sleep(1)
    yield* event.wait()
  })
  await sleep(40)
  event.set()
  await task

  const parks = spanOf('waiter').events.filter(({ attributes }) =>
    String(attributes?.['fibril.park.reason']).includes('ready'),
  )
  assert.equal(parks.length, 1)
  assert.ok(Number(parks[0]?.attributes?.['fibril.park.ms']) >= 20)
})

test('a task without a span runs in that of who spawned it', async () => {
  using _ = traceTasks({ filter: ({ name }) => !name.startsWith('skip') })
  await run(function* main() {
    spawn(function* skipped() {
      yield* sleep(1)
      spawn(function* leaf() {})
    })
  })
  assert.equal(parentOf('leaf'), 'main')
  assert.equal(exporter.getFinishedSpans().length, 2)
})

test('very many tasks do not make as many spans, unless asked', async () => {
  const crowd = function* crowd() {
    for (let i = 0; i < 1000; i++) spawn(function* one() {})
    yield* sleep(1)
  }
  {
    using _ = traceTasks({ maxPerSecond: 50 })
    const seconds = Math.floor(performance.now() / 1000)
    await run(crowd)
    assert.ok(exporter.getFinishedSpans().length <= 50 * (1 + Math.floor(performance.now() / 1000) - seconds))
  }
  exporter.reset()
  {
    using _ = traceTasks({ maxPerSecond: Infinity })
    await run(crowd)
  }
  assert.equal(exporter.getFinishedSpans().length, 1001)
})

test('when it ends, open spans end and no new ones begin', async () => {
  const tracing = traceTasks()
  const task = run(function* still() {
    yield* sleep(60_000)
  })
  tracing[Symbol.dispose]()
  await run(function* later() {})
  task.cancel()

  assert.deepEqual(
    exporter.getFinishedSpans().map(({ name }) => name),
    ['still'],
  )
})

test('a limit that makes no sense is an error', () => {
  assert.throws(() => traceTasks({ maxPerSecond: 0 }), UsageError)
  assert.throws(() => traceTasks({ longParkMs: Number.NaN }), UsageError)
})
