import { Base } from './base.js'
class B extends Base {
  f = 1
  constructor(x) {
    super(get(x))
    this.y = () => this.f
  }
  m() { return super.m(get(1)) }
}
class C extends B {}
class D extends Error {}
export const make = () => class extends B {}
