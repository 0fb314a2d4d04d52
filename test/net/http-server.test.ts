import assert from 'node:assert/strict'
import { all, sleep, spawn, wait } from '../../src/core/index.ts'
import { fetchUrl, HttpError } from '../../src/net/index.ts'
import { it } from '../support/it.ts'
import { open, RawClient } from './http-client.ts'

it('answers requests, each in a task that is named for it', function* () {
  const { server, serving, url } = yield* open(function* (request, response) {
    yield* response.send(`${serving.children.map((task) => task.name)} ${request.path} ${request.query.get('a')}`)
  })
  const response = yield* fetchUrl(`${url}/path?a=b`)
  assert.equal(response.status, 200)
  assert.equal(yield* response.body.text(), 'GET /path?a=b /path b')
  yield* server.stop()
  yield* serving
})
