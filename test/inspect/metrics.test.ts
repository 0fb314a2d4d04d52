import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Event, run, sleep } from '../../src/index.ts'
import { metrics } from '../../src/inspect/index.ts'
import { metricsOfHeld } from '../../src/inspect/metrics.ts'
import { parseMetrics } from './prometheus.ts'

test('each has help, a type and a value; counters only go up', async () => {
  const before = parseMetrics(metrics())
  const go = new Event()
  const task = run(function* main() {
    yield* go.wait()
  })
  await sleep(1)
  const during = parseMetrics(metrics())
  go.set()
  await task
  const after = parseMetrics(metrics())
  const of = (name: string) => [before, during, after].map((metrics) => metrics.get(name)?.value ?? Number.NaN)
  const [tasksBefore = 0, tasksDuring, tasksAfter] = of('fibril_tasks')
  assert.deepEqual([tasksDuring, tasksAfter], [tasksBefore + 1, tasksBefore])
  for (const [name, { type }] of before) {
    const [first = 0, second = 0, third = 0] = of(name)
    if (type === 'counter') assert.ok(first <= second && second <= third, name)
  }
  const [, ended = 0, endedAfter] = of('fibril_tasks_ended_total')
  assert.equal(endedAfter, ended + 1)
  assert.ok((of('fibril_loop_steps_total')[2] ?? 0) > (of('fibril_loop_steps_total')[0] ?? 0))
})

test('what is told of a held loop has the same form', () => {
  const held = parseMetrics(metricsOfHeld(1500))
  assert.equal(held.get('fibril_loop_held')?.value, 1)
  assert.equal(held.get('fibril_loop_lag_seconds')?.value, 1.5)
})
