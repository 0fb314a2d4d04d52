const square = (x) => x * x
function area(a, b) { return Math.max(square(a), Number(b)) }
// @fibril never-parks
export function quiet(f) { return f() }
/* @fibril parks */ export function loud() {}
export const calls = (list) => list.size(area(1, 2))
function odd(n) { return n === 0 ? false : even(n - 1) }
function even(n) { return n === 0 ? true : odd(n - 1) }
const text = [1, 2].join() + 'a'.trim()
