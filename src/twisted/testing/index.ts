/**
 * `fibril/twisted/testing`: tests of code that is built on Deferreds, as Twisted's trial has them, on `node:test`.
 *
 *   trial.ts         registers tests with node:test           test-case.ts    what a test can ask for
 *   run-trial.ts     runs one, and says how it failed         watch.ts        what it logged, and left behind
 *   trial-errors.ts  how a test fails
 */
export { type RunTrialOptions, runTrial, type TrialBody } from './run-trial.ts'
export { TestCase } from './test-case.ts'
export { type TrialOptions, trial } from './trial.ts'
export { FailTest, LoggedErrorsError, SkipTest, TrialTimeoutError } from './trial-errors.ts'
