/** Optional chains: conditions around terms, one for each link that may be left out. */
import { optionalLink } from '../emit/chain.ts'
import type { Node } from '../nodes.ts'
import { type Link, Units } from './units.ts'

export class Chains extends Units {
  /** What is in front of an optional link is evaluated, then, unless that is null, what is behind it. */
  protected links(node: Node, called: boolean): Link {
    const link = optionalLink(node)
    if (link === null) {
      if (!called || node.type !== 'MemberExpression') return { value: this.settle(node), self: null }
      const self = this.receiver(node)
      return { value: this.method(node, self), self }
    }
    const { emitter } = this
    const { place } = this.locals
    const front: Node = link['object'] ?? link['callee']
    this.erase(node.start, front.start)
    let { value, self } = this.links(
      front.type === 'ChainExpression' ? front['expression'] : front,
      link.type === 'CallExpression',
    )
    const result = emitter.temp()
    emitter.after(front.end, `${this.takeJoint()}(${place}||${value}!=null?(`)
    this.joint = ''
    const behind = spine(node, link)
    behind.forEach((at, index) => {
      if (at.type === 'CallExpression') {
        value = this.callOn(at, value, self)
        self = null
        return
      }
      const target = index === behind.length - 1 ? called : behind[index + 1]?.type === 'CallExpression'
      self = target ? value : null
      value = this.method(at, value, target)
    })
    emitter.after(node.end, `${this.takeJoint()}!${place}&&(${result}=${value},!1)):(${result}=void 0,!1))`)
    this.joint = '||'
    return { value: result, self }
  }
}

/** From an optional link out to a node. */
function spine(node: Node, link: Node): Node[] {
  const found: Node[] = []
  for (let at = node; ; at = at['object'] ?? at['callee']) {
    found.unshift(at)
    if (at === link) return found
  }
}
