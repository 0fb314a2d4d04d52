function f(a, b = 2, ...rest) { return get(a) }
function g(a = get(1), { b } = get(2)) { return a }
const h = (x = get(1)) => x
const k = () => arguments_(arguments)
function m() { return () => [arguments.length, new.target, this, get(1)] }
