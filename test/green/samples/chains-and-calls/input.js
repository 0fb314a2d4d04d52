function f(o, a) {
  o?.m?.(a)
  o.p?.q(get(a))?.r
  get(a, get(o), 1)
  ;(get(a))(o)
  new o.C(...a)
  o.list.map((x) => get(x))
  o.tag`a${a}`
  return o
    .first(a)
    .second()
}
