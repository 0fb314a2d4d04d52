/** Declarations, also of what is declared again on the way to a place. */
import { type Taken, takenBy } from '../emit/taken.ts'
import { boundNames, isFunction, type Node } from '../nodes.ts'
import { Chains } from './chains.ts'
import { withoutComments } from './terms.ts'

export class Declarations extends Chains {
  /** True at places in a node, and where there is none to go to. */
  protected until(node: Node): string {
    return `${this.locals.place}<=${this.range(node)[1]}`
  }

  /** `passed`: on the way to a later place it is declared again. */
  protected declaration(node: Node, passed: boolean): void {
    const { emitter } = this
    const { kind } = node
    const declarators: Node[] = node['declarations']
    const last = declarators.findLastIndex((declarator) => this.has(declarator))
    const split = last >= 0 || (passed && declarators.some(({ id }) => id.type !== 'Identifier'))
    if (!split) {
      if (kind === 'var' || !passed) return emitter.visit(node)
      if (declarators.some(({ init }) => isUnnamed(init)))
        emitter.text.update(node.start, node.start + kind.length, 'let')
      for (const declarator of declarators) this.again(declarator)
      return
    }
    // Each becomes a statement.
    this.erase(node.start, (declarators[0] as Node).start)
    declarators.forEach((declarator, index) => {
      const previous = declarators[index - 1]
      if (previous !== undefined) this.erase(previous.end, declarator.start)
      const later = passed || index < last
      const front = `${index > 0 ? ';' : ''}`
      emitter.keep(() => this.declarator(declarator, kind, later, front))
    })
  }

  protected declarator(node: Node, kind: string, passed: boolean, front: string): void {
    const { emitter } = this
    const { id, init } = node
    const { place } = this.locals
    if (!this.has(node)) {
      if (kind === 'var' && passed) {
        emitter.text.appendRight(node.start, `${front}if(!${place}){var `)
        emitter.visit(node)
        emitter.after(node.end, '}')
      } else if (passed && id.type !== 'Identifier') {
        emitter.text.appendRight(node.start, `${front}${this.names(id)};if(!${place})(`)
        emitter.visit(node)
        emitter.after(node.end, ')')
      } else {
        emitter.text.appendRight(node.start, `${front}${this.keyword(node, kind, passed)} `)
        if (passed) this.again(node)
        else emitter.visit(node)
      }
      return
    }
    this.begin(init)
    const guard = passed ? `${this.until(node)}&&` : ''
    const wrapped = kind === 'var' && passed
    emitter.text.appendRight(
      node.start,
      `${front}${wrapped ? `if(${this.until(node)}){` : ''}if(${wrapped ? '' : guard}(`,
    )
    const pattern = withoutComments(emitter.code.slice(id.start, id.end))
    const between = withoutComments(emitter.code.slice(id.end, init.start))
    this.erase(node.start, init.start)
    const taken = this.plan.places.has(node)
    const prefix = taken ? this.taken(node) : this.prefix(init)
    const open = `))return ${this.PARK};`
    const variable = id.type === 'Identifier' ? this.variable(id) : null
    let rest: string
    let closed = ''
    if (kind === 'var' || !passed) rest = `${kind} ${pattern}${between}${prefix}`
    else if (id.type === 'Identifier') {
      const saved = variable === null ? 'void 0' : `${this.locals.saved}[${variable}]`
      rest = `${kind} ${pattern}=${place}?${saved}:${between.replace('=', '')}${prefix}`
    } else {
      rest = `${this.names(id)};if(!${place})(${pattern}${between}${prefix}`
      closed = ')'
    }
    emitter.after(taken ? init.end : this.tailOf(init), `${open}${rest}`)
    if (closed !== '' || wrapped) emitter.after(node.end, `${closed}${wrapped ? ';}' : ''}`)
  }

  /** What a pattern is given that takes what may park. */
  protected taken(declarator: Node): string {
    const { emitter } = this
    const { id, init } = declarator
    const { by, args } = takenBy(emitter, id, declarator) as Taken
    const given = this.settle(init)
    const result = emitter.temp()
    emitter.release(1)
    const place = this.plan.places.get(declarator) as number
    const term = this.runtimeTerm(declarator, place, by, `${given},${args}`, result)
    emitter.temp()
    emitter.after(init.end, `${this.takeJoint()}${term}`)
    return result
  }

  protected keyword(declarator: Node, kind: string, passed: boolean): string {
    return passed && isUnnamed(declarator['init']) ? 'let' : kind
  }

  /** `let` or `const` without sites that is passed over: gets what it had. */
  protected again(node: Node): void {
    const { emitter } = this
    const { id, init } = node
    const { place, saved } = this.locals
    const slot = this.variable(id)
    const value = slot === null ? 'void 0' : `${saved}[${slot}]`
    if (init === null) {
      if (slot !== null) emitter.after(node.end, `=${place}?${value}:void 0`)
      return
    }
    if (isUnnamed(init)) {
      // A function is named after its variable only if nothing stands between the two.
      emitter.visit(init)
      emitter.after(node.end, `,${emitter.names.fresh(emitter.names.of('n'))}=${place}&&(${id.name}=${value})`)
      return
    }
    const equals = emitter.find('=', id.end)
    emitter.text.appendLeft(equals + 1, `${place}?${value}:`)
    emitter.visit(init)
  }

  protected variable(id: Node): number | null {
    const binding = this.emitter.scopeAt(id).lookup(id['name'])
    return this.plan.variables.of(binding)?.slot ?? null
  }

  /** Declares the names of a pattern. */
  protected names(pattern: Node): string {
    const { place, saved } = this.locals
    const each = boundNames(pattern).map((id) => `${id['name']}=${place}?${saved}[${this.variable(id)}]:void 0`)
    return each.length === 0 ? '' : `let ${each.join(',')}`
  }
}

function isUnnamed(init: Node | null): boolean {
  return init !== null && (isFunction(init) || init.type === 'ClassExpression') && !init['id']
}
