import { test } from 'node:test'
import { type TestBody, TestHost } from '../../src/testing/index.ts'

/** As `it.many`, for bodies that wait for nothing outside of their loop: many times faster where they wait a lot. */
export function inManyOrders(title: string, body: TestBody<unknown>, seeds = 20): void {
  test(title, () => {
    for (let i = 0; i < seeds; i++) new TestHost(i === 0 ? { seed: 0 } : {}).runSync(body)
  })
}
