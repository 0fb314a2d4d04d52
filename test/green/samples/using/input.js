// Blocks, loops, generators and async functions that dispose of something.
import { open } from './files.js'

export function copy(from, to) {
  'use strict'
  using source = open(from), none = null
  {
    using target = open(to)
    target.write(source.read())
  }
  return source.size
}

export function each(paths) {
  all: for (using file of paths.map(open)) {
    for (using inner = open(file.path); ; ) {
      if (inner.read()) continue all
      break
    }
  }
}

export function* lines(path) {
  using file = open(path)
  yield* file.lines()
}

export async function later(path) {
  await using file = open(path)
  return await file.read()
}

// @fibril never-parks
export function plainly(lock) {
  using held = lock
  return held.value
}
