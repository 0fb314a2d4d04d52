/** What is done with each kind of node; those that need nothing are passed through. */
import { patternOf } from '../accessors.ts'
import { childrenOf, isFunction, isUsing, type Node } from '../nodes.ts'
import { visitSpread } from './arguments.ts'
import { visitCall, visitNew, visitTagged } from './call.ts'
import { visitChain } from './chain.ts'
import { visitClass } from './class.ts'
import { assignable, type Emitter, NATIVE } from './emitter.ts'
import { beforeWrite, visitWritten } from './entry.ts'
import { visitFunction } from './function.ts'
import { visitYield } from './generator.ts'
import { visitForOf } from './loop.ts'
import { isGreenRead, isGreenWrite, isPrivateAccessor, visitAccessor, visitRead, visitWrite } from './read.ts'
import { visitReturn } from './reusable.ts'
import { visitSuperMember } from './super.ts'
import { pickedBy, takenBy, visitPatternAssignment, visitTaken } from './taken.ts'
import { usesInHead, visitStatements, visitUsing, visitUsingFor, visitUsingForOf } from './using.ts'

export function visit(emitter: Emitter, node: Node): void {
  if (isFunction(node)) return visitFunction(emitter, node)
  switch (node.type) {
    case 'CallExpression':
      if (emitter.mayPark) return visitCall(emitter, node)
      break
    case 'NewExpression':
      if (emitter.mayPark) return visitNew(emitter, node)
      break
    case 'TaggedTemplateExpression':
      if (emitter.mayPark) return visitTagged(emitter, node)
      break
    case 'ChainExpression':
      if (emitter.mayPark) return visitChain(emitter, node)
      break
    case 'ForOfStatement':
      if (node['await'] ? emitter.activation.mode === 'green' : emitter.mayPark && !emitter.isHarmless(node))
        return visitForOf(emitter, node)
      if (!node['await'] && emitter.mayPark && pickedBy(emitter, patternOf(node['left'])) !== null)
        return visitForOf(emitter, node)
      if (usesInHead(emitter, node)) return visitUsingForOf(emitter, node)
      break
    case 'ForStatement':
      if (usesInHead(emitter, node)) return visitUsingFor(emitter, node)
      break
    case 'AwaitExpression':
      if (emitter.activation.mode === 'green') return visitAwait(emitter, node)
      break
    case 'ReturnStatement':
      if (emitter.activation.reusable === true) return visitReturn(emitter, node)
      break
    case 'YieldExpression':
      if (emitter.activation.mode === 'generator') return visitYield(emitter, node)
      break
    case 'ClassDeclaration':
    case 'ClassExpression':
      return visitClass(emitter, node)
    case 'CatchClause':
      if (emitter.mayPark) clearNext(emitter, node['body'])
      break
    case 'TryStatement':
      if (emitter.mayPark && node['finalizer']) clearNext(emitter, node['finalizer'])
      break
    case 'ArrayExpression':
      if (!emitter.mayPark) break
      for (const element of node['elements'] as (Node | null)[])
        if (element?.type === 'SpreadElement' && !emitter.isHarmless(element)) visitSpread(emitter, element['argument'])
        else if (element !== null) emitter.visit(element)
      return
    case 'BlockStatement':
      return visitStatements(emitter, node)
    case 'VariableDeclaration':
      if (isUsing(node)) return visitUsing(emitter, node)
      break
    case 'VariableDeclarator': {
      if (!emitter.mayPark || node['init'] === null) break
      const taken = takenBy(emitter, node['id'], node)
      if (taken === null) break
      emitter.visit(node['id'])
      return emitter.keep(() => visitTaken(emitter, node['init'], taken))
    }
    case 'UpdateExpression':
      if (isGreenWrite(emitter, node)) return visitWrite(emitter, node)
      beforeWrite(emitter, node)
      break
    case 'AssignmentExpression':
      beforeWrite(emitter, node)
      if (isGreenWrite(emitter, node)) return visitWrite(emitter, node)
      if (emitter.mayPark) {
        const taken = takenBy(emitter, node['left'], node)
        if (taken !== null) return visitPatternAssignment(emitter, node, taken)
      }
      break
    case 'ExpressionStatement':
      return visitStatement(emitter, node)
    case 'PropertyDefinition':
      if (node['computed']) emitter.visit(node['key'])
      if (node['value']) inFields(emitter, node['value'], () => emitter.visit(node['value']))
      if (emitter.guarded.has(node['value'])) emitter.after(node['value'].end, ')')
      return
    case 'StaticBlock':
      return inFields(emitter, node, () => visitStatements(emitter, node))
    case 'MemberExpression':
      if (isGreenRead(emitter, node)) return visitRead(emitter, node)
      if (node['object'].type === 'Super') return visitSuperMember(emitter, node)
      emitter.visit(node['object'])
      if (node['computed']) emitter.visit(node['property'])
      return
    case 'Property':
      if (node['shorthand']) return visitShorthand(emitter, node)
      if (node['computed']) emitter.visit(node['key'])
      return emitter.visit(node['value'])
    case 'MethodDefinition':
      if (node['computed']) emitter.visit(node['key'])
      if (isPrivateAccessor(emitter, node)) return visitAccessor(emitter, node)
      return emitter.visit(node['value'])
    case 'LabeledStatement':
      return emitter.visit(node['body'])
    case 'BreakStatement':
    case 'ContinueStatement':
    case 'ImportDeclaration':
      return
    case 'UnaryExpression':
      // `super` may not be deleted from, which shows only when it runs.
      if (
        node['operator'] !== 'delete' ||
        node['argument'].object?.type !== 'Super' ||
        emitter.lexical.superRef === null
      )
        break
      return emitter.replace(node.start, node.end, `${emitter.use('noDelete', 'noDelete')}()`)
    case 'ThisExpression':
      if (emitter.lexical.self !== null) emitter.text.update(node.start, node.end, emitter.lexical.self)
      return
    case 'MetaProperty':
      if (node['meta']['name'] === 'new' && emitter.lexical.newTarget !== null)
        emitter.replace(node.start, node.end, emitter.lexical.newTarget)
      return
    case 'Identifier':
      if (visitWritten(emitter, node)) return
      if (isArguments(emitter, node)) emitter.text.update(node.start, node.end, emitter.lexical.arguments as string)
      return
    case 'ExportNamedDeclaration':
      if (node['declaration']) emitter.visit(node['declaration'])
      return
  }
  emitter.visitAll(childrenOf(node))
}

/** True for the `arguments` of a function around, which have another name here. */
function isArguments(emitter: Emitter, node: Node): boolean {
  if (node.type !== 'Identifier' || node['name'] !== 'arguments' || emitter.lexical.arguments === null) return false
  return emitter.scopeAt(node).lookup('arguments') === null
}

function visitShorthand(emitter: Emitter, node: Node): void {
  const { value } = node
  if (isArguments(emitter, value)) emitter.text.update(value.start, value.end, `arguments:${emitter.lexical.arguments}`)
  else emitter.visit(value)
}

/** What now begins with a parenthesis must not be taken for the arguments of a call on the line before. */
function visitStatement(emitter: Emitter, node: Node): void {
  emitter.visit(node['expression'])
  const parent = emitter.analysis.parentOf.get(node) as Node
  const listed = Array.isArray(parent['body']) || parent.type === 'SwitchCase'
  if (listed && emitter.fronts.has(node.start)) emitter.text.prependRight(node.start, ';')
}

function clearNext(emitter: Emitter, block: Node): void {
  emitter.after(block.start + 1, `${emitter.state}.next=0;`)
}

function inFields(emitter: Emitter, node: Node, visit: () => void): void {
  const fn = emitter.analysis.fnOf.get(node) ?? null
  emitter.inActivation({ mode: 'plain', fn, used: 0, most: 0 }, NATIVE, visit)
}

/** At the top of the module that a program starts with: the task waits. */
function visitAwait(emitter: Emitter, node: Node): void {
  const value = emitter.temp()
  const { argument } = node
  const [open, closed] = assignable(argument)
  emitter.before(node.start, `(${value}=${open}`)
  emitter.replace(node.start, node.start + 'await'.length, '')
  emitter.visit(argument)
  emitter.after(node.end, `${closed},${emitter.callOf('waitFor', value, node)})`)
  emitter.release(1)
}
