import assert from 'node:assert/strict'
import { test } from 'node:test'
import { getHub, joinall, local, sleep, spawn } from '../../src/gevent/index.ts'
import { it } from '../support/it.ts'

it('each greenlet has properties of its own', function* () {
  const data = new local() as local & { name?: string }
  data.name = 'main'
  const seen: unknown[] = []
  const tasks = ['a', 'b'].map((name) =>
    spawn(function* () {
      seen.push(data.name)
      data.name = name
      yield* sleep(1)
      seen.push(data.name)
    }),
  )
  yield* joinall(tasks)
  assert.deepEqual(seen.sort(), ['a', 'b', undefined, undefined])
  assert.equal(data.name, 'main')
  assert.deepEqual(Object.keys(data), ['name'])
  assert.equal('name' in data, true)
  delete data.name
  assert.equal(JSON.stringify(data), '{}')
})

it('the constructor runs once more in each greenlet, with the original arguments', function* () {
  const made: string[] = []
  class Session extends local {
    user: string
    constructor(user: string) {
      super(user)
      made.push(user)
      this.user = user
    }
    greet() {
      return `hello ${this.user}`
    }
  }
  const session = new Session('Ada')
  assert.ok(session instanceof Session)
  session.user = 'Bob'
  assert.equal(yield* spawn(() => session.greet()).get(), 'hello Ada')
  assert.equal(session.greet(), 'hello Bob')
  assert.deepEqual(made, ['Ada', 'Ada'])
})

it('values are disposed when their greenlet ends, however it ends, also if the greenlet is still referenced', function* () {
  const closed: string[] = []
  class Connection extends local {
    name = '';
    [Symbol.dispose]() {
      closed.push(this.name)
    }
  }
  class Slow extends local {
    name = ''
    async [Symbol.asyncDispose]() {
      await null
      closed.push(`slow ${this.name}`)
    }
  }
  const connection = new Connection()
  const slow = new Slow()
  const use = (name: string, body: () => unknown) =>
    spawn(function* () {
      connection.name = name
      slow.name = name
      yield* sleep(1)
      body()
      yield* sleep(name === 'killed' ? 1000 : 0)
    })
  getHub().exceptionStream = null
  const tasks = [
    use('done', () => {}),
    use('failed', () => {
      throw new Error('x')
    }),
    use('killed', () => {}),
  ]
  yield* sleep(5)
  yield* (tasks[2] as (typeof tasks)[0]).kill()
  assert.deepEqual(closed.sort(), ['done', 'failed', 'killed', 'slow done', 'slow failed', 'slow killed'])
  assert.equal(tasks.length, 3)
})

test('code outside of tasks shares one set of values', async () => {
  const data = new local() as local & { n?: number }
  data.n = 1
  await spawn(() => {
    data.n = 2
  })
  assert.equal(data.n, 1)
})
