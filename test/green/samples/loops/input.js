function f(list) {
  outer: for (const [k, v] of Object.entries(list))
    for (const x of v) {
      if (get(x)) continue outer
      [].push(() => get(k))
    }
  for (list.x of get(list)) get(1)
  for (const x of [1, 2]) get(x)
}
