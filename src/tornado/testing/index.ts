/**
 * Tests in the manner of `tornado.testing`, for any runner: each in a loop of its own under the virtual clock, which fails on
 * what is left behind, and on what was logged.
 *
 *   gen-test.ts   runs a coroutine as a test          expect-log.ts   takes what is meant to be logged
 */
export { expectLog } from './expect-log.ts'
export { type GenTestBody, type GenTestOptions, genTest } from './gen-test.ts'
