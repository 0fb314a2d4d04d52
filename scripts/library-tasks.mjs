/*
 * Preloaded by library-suites.mjs into the suite of a library: runs the body of each test in a task of its own, so that what
 * it calls may park. By the name of the framework, in LIBRARY_TASKS.
 */
import { createRequire } from 'node:module'
import { fn, run } from '../dist/src/index.js'

const require = createRequire(`${process.cwd()}/`)

/** `body`, as a function that gives a promise. */
function inTask(body) {
  const call = fn(body)
  return function (...args) {
    return run(call.apply(this, args)).then()
  }
}

const frameworks = {
  mocha() {
    for (const name of ['it', 'before', 'beforeEach', 'after', 'afterEach']) {
      let wrapped
      Object.defineProperty(globalThis, name, {
        configurable: true,
        get: () => wrapped,
        set(given) {
          wrapped = (...args) => {
            const body = args.at(-1)
            // One with a parameter says itself when it is done.
            return given(...args.slice(0, -1), typeof body === 'function' && body.length === 0 ? inTask(body) : body)
          }
          Object.assign(wrapped, given)
        },
      })
    }
  },

  tap() {
    const { Test } = require('tap')
    const { sub } = Test.prototype
    Test.prototype.sub = function (Class, extra, caller) {
      if (Class === Test && typeof extra.cb === 'function') extra.cb = inTask(extra.cb)
      return sub.call(this, Class, extra, caller)
    }
  },

  qunit() {
    const QUnit = require('qunit-extras')
    const { test } = QUnit
    QUnit.test = (name, body) => test(name, inTask(body))
    Object.assign(QUnit.test, test)
    globalThis.QUnit = QUnit
    // Each assertion, not only what failed.
    QUnit.log(({ module, name, result, message, actual, expected }) => {
      const detail = result ? '' : `: ${String(actual)} instead of ${String(expected)}`
      console.log(`${result ? 'ok' : 'not ok'} ${module}: ${name}: ${message ?? ''}${detail}`)
    })
  },
}

const framework = process.env.LIBRARY_TASKS
if (framework) frameworks[framework]()
