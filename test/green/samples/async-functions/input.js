async function f(x) {
  const y = get(x)
  await y
  return (await x).m(y)
}
const g = async (x) => get(x)
async function* h() { yield get(1) }
