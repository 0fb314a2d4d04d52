// Slow, both of these: they start processes, under load.
import assert from 'node:assert/strict'
import { wait } from '../../src/index.ts'
import { Load } from './load.ts'
import { alive, fibrilProgram, pidsOf, serving, until } from './serving.ts'

serving(
  "a rolling restart under load loses no request to a server of node's own, over connections that are kept or fresh",
  { linger: 5000 },
  function* ({ service }) {
    const before = pidsOf(service)
    const load = new Load(service.port, { kept: 4, fresh: 2 })
    try {
      yield* until(() => load.answered > 200)
      yield* service.restart()
      const { answered } = load
      yield* until(() => load.answered > answered + 200)
      yield* service.restart({ atOnce: 2 })
      yield* until(() => load.answered > 1000)
    } finally {
      yield* wait(load.stop())
    }
    assert.deepEqual(load.failures, [])
    assert.equal(load.pids.size, 6)
    assert.ok(pidsOf(service).every((pid) => !before.includes(pid)))
    assert.ok(!before.some(alive))
    assert.equal(service.stats().replaced, 4)
  },
)

serving(
  "nor does it to a server of Fibril's",
  { linger: 5000, listens: 2 },
  function* ({ service }) {
    const load = new Load(service.port, { kept: 3, fresh: 1 })
    try {
      yield* until(() => load.answered > 200)
      yield* service.restart({ atOnce: 2 })
      const { answered } = load
      yield* until(() => load.answered > answered + 200)
    } finally {
      yield* wait(load.stop())
    }
    assert.deepEqual(load.failures, [])
    assert.equal(load.pids.size, 4)
  },
  fibrilProgram,
)
