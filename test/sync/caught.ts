import assert from 'node:assert/strict'
import { type Body, callOf, fn, type TaskBody } from '../../src/core/index.ts'

/** What `body` throws. */
export const caught = fn(function* caught(body: TaskBody<unknown>): Body<unknown> {
  let value: unknown
  try {
    value = yield* callOf(body)
  } catch (error) {
    return error
  }
  return assert.fail(`it gave ${value} where it was to throw`)
})
