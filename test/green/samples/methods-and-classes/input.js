class A {
  #x = 1
  constructor(x) {
    this.x = get(x)
  }
  m(a, b = 2) {
    return this.#n(a) + b
  }
  #n(a) {
    return get(this.#x + a)
  }
  static s() {
    return new A(1).m(2)
  }
  get v() { return get(1) }
}
const o = {
  m() { return super.toString() + this['k'](1) },
  k: function (x) { return get(x) },
}
