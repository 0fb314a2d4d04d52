/**
 * The initialisers of fields, and static blocks. Those of instances run in the constructor, those of a class where the
 * class is made: what may park in one may park there.
 */
import type { Analysis } from './analyze.ts'
import type { Node } from './nodes.ts'
import type { Fn } from './scope.ts'

/** Fields and static blocks, in the order in which they run. */
export function initialisersOf(cls: Node, isStatic: boolean): Node[] {
  const members: Node[] = cls['body'].body
  if (!isStatic) return members.filter((member) => member.type === 'PropertyDefinition' && !member['static'])
  return members.filter(
    ({ type, static: marked }) => type === 'StaticBlock' || (type === 'PropertyDefinition' && marked),
  )
}

/** The function that an initialiser is by itself; null where there is nothing to run. */
export function initialiserFn(analysis: Analysis, member: Node): Fn | null {
  const node = member.type === 'StaticBlock' ? member : member['value']
  return node === null ? null : (analysis.initialisers.get(node) ?? null)
}

/** Makes sites of initialisers: the inference goes by them. */
export function noteFields(analysis: Analysis): void {
  for (const [cls, scope] of analysis.scopeOf) {
    if (cls.type !== 'ClassDeclaration' && cls.type !== 'ClassExpression') continue
    const definition: Node | undefined = cls['body'].body.find((member: Node) => member['kind'] === 'constructor')
    const maker = definition === undefined ? undefined : analysis.fnOf.get(definition['value'])
    if (maker !== undefined)
      for (const member of initialisersOf(cls, false)) {
        const fn = initialiserFn(analysis, member)
        if (fn === null) continue
        maker.sites.push({ node: member, fn, foreign: null, what: `the field ${fn.name}` })
        // The method that initialises all fields is the class's own.
        maker.usesThis = true
        if (maker.captured === null || maker.captured.depth < scope.depth) maker.captured = scope
      }
    const sites = scope.fn === null ? analysis.topSites : scope.fn.sites
    for (const member of initialisersOf(cls, true)) {
      const fn = initialiserFn(analysis, member)
      if (fn !== null)
        sites.push({
          node: member,
          fn,
          foreign: null,
          what: member.type === 'StaticBlock' ? fn.name : `the field ${fn.name}`,
        })
    }
  }
}
