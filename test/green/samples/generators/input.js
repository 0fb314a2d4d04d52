function* g(n) {
  const r = yield get(n)
  yield
  try {
    yield* h(r)
  } catch {}
}
function* h() { yield 1 }
const all = () => [...g(1), ...[2]]
const [a, b] = g(1)
