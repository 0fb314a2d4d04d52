import { type Node, parse, type Token } from 'acorn'
import { Random } from './random.ts'

/**
 * The same program, written another way, by a seed: with parentheses, comments and line breaks where they make no difference,
 * and without semicolons. The compiler puts things into a text, so that is what it may stumble over.
 */
export function randomLayout(source: string, seed: number): string {
  const tokens: Token[] = []
  const tree = parse(source, { ...options, onToken: tokens })
  const meaning = meaningOf(tree)
  // Rarely it does make a difference: a line that begins with a parenthesis.
  for (let attempt = 0; attempt < 8; attempt++) {
    const choices = new Random(seed, 17 + attempt)
    const edits = new Edits(choices)
    edits.parenthesize(tree)
    edits.space(tokens, source)
    const text = edits.apply(source)
    if (means(text, meaning)) return text
  }
  return source
}

const options = { ecmaVersion: 'latest', sourceType: 'script' } as const

/** Places of expressions around which parentheses may stand, by the node that they are in. */
const places: Record<string, readonly string[]> = {
  CallExpression: ['callee', 'arguments'],
  NewExpression: ['callee', 'arguments'],
  MemberExpression: ['object', 'property'],
  BinaryExpression: ['left', 'right'],
  LogicalExpression: ['left', 'right'],
  ConditionalExpression: ['test', 'consequent', 'alternate'],
  AssignmentExpression: ['left', 'right'],
  AssignmentPattern: ['right'],
  VariableDeclarator: ['init'],
  SequenceExpression: ['expressions'],
  TemplateLiteral: ['expressions'],
  ArrayExpression: ['elements'],
  SpreadElement: ['argument'],
  UnaryExpression: ['argument'],
  UpdateExpression: ['argument'],
  YieldExpression: ['argument'],
  AwaitExpression: ['argument'],
  ArrowFunctionExpression: ['body'],
  Property: ['value'],
  PropertyDefinition: ['value'],
  TaggedTemplateExpression: ['tag'],
  ExpressionStatement: ['expression'],
  ReturnStatement: ['argument'],
  ThrowStatement: ['argument'],
  IfStatement: ['test'],
  WhileStatement: ['test'],
  DoWhileStatement: ['test'],
  SwitchStatement: ['discriminant'],
  SwitchCase: ['test'],
  ForStatement: ['test', 'update'],
  ForOfStatement: ['right'],
  ForInStatement: ['right'],
  ClassExpression: ['superClass'],
  ClassDeclaration: ['superClass'],
}

const bare = new Set([
  'Super',
  'Import',
  'PrivateIdentifier',
  'SpreadElement',
  'BlockStatement',
  'ObjectPattern',
  'ArrayPattern',
  'AssignmentPattern',
])

/** After these no line may end, and before those none may begin. */
const keepsNext = new Set([
  'return',
  'throw',
  'break',
  'continue',
  'yield',
  'async',
  'static',
  'get',
  'set',
  'let',
  'using',
  'await',
  'type',
])
const keepsPrevious = new Set(['=>', '++', '--'])

type Tree = Node & Record<string, unknown>

class Edits {
  private readonly choices: Random
  private readonly inserted: { readonly at: number; readonly text: string; readonly opens: boolean }[] = []
  private readonly removed = new Set<number>()

  constructor(choices: Random) {
    this.choices = choices
  }

  parenthesize(node: Node, chained = false): void {
    for (const [key, value] of Object.entries(node as Tree)) {
      const children = (Array.isArray(value) ? value : [value]).filter(isNode)
      for (const child of children) {
        // What is in parentheses is a chain of its own.
        const inChain = node.type === 'ChainExpression' || (chained && (key === 'object' || key === 'callee'))
        if (this.mayStand(node as Tree, key, child) && !inChain && this.choices.below(14) === 0) {
          this.inserted.push({ at: child.start, text: this.choices.pick(['(', '( ', '(/* ) */', '((']), opens: true })
          const doubled = this.inserted.at(-1)?.text === '(('
          this.inserted.push({ at: child.end, text: doubled ? '))' : ')', opens: false })
        }
        this.parenthesize(child, inChain)
      }
    }
  }

  private mayStand(node: Tree, key: string, child: Node): boolean {
    if (!places[node.type]?.includes(key) || bare.has(child.type)) return false
    if (key === 'property' && !node['computed']) return false
    if (node.type === 'Property' && (node['shorthand'] || node['method'] || node['kind'] !== 'init')) return false
    return node['directive'] === undefined
  }

  space(tokens: readonly Token[], source: string): void {
    tokens.forEach((token, index) => {
      const next = tokens[index + 1]
      if (next === undefined || inTemplate(token) || inTemplate(next)) return
      const between = source.slice(token.end, next.start)
      if (token.type.label === ';' && between.includes('\n') && !/[([`+\-*/.,?]/.test(source[next.start] as string))
        if (this.choices.below(2) === 0) this.removed.add(token.start)
      if (this.choices.below(12) !== 0) return
      const oneLine =
        keepsNext.has(source.slice(token.start, token.end)) || keepsPrevious.has(source.slice(next.start, next.end))
      const text = this.choices.pick(
        oneLine ? [' ', '/* ( */', ' /* => */ '] : [' ', '\n', '/* ( */', " // ) ' {\n", '/* =>,\n */', '\n\n  '],
      )
      this.inserted.push({ at: token.end, text, opens: false })
    })
  }

  apply(source: string): string {
    // At one place what closes comes first, and what opens further out comes first as well: they were found in that order.
    const sorted = this.inserted
      .map((edit, order) => ({ ...edit, order: edit.opens ? order : -order }))
      .sort((a, b) => a.at - b.at || Number(a.opens) - Number(b.opens) || a.order - b.order)
    let text = ''
    let at = 0
    for (const edit of sorted) {
      text += this.slice(source, at, edit.at) + edit.text
      at = edit.at
    }
    return text + this.slice(source, at, source.length)
  }

  private slice(source: string, start: number, end: number): string {
    let text = ''
    for (let at = start; at < end; at++) if (!this.removed.has(at)) text += source[at]
    return text
  }
}

function inTemplate({ type }: Token): boolean {
  return type.label === 'template' || type.label === '`'
}

function isNode(value: unknown): value is Node {
  return typeof value === 'object' && value !== null && typeof (value as Node).type === 'string'
}

function means(text: string, meaning: string): boolean {
  try {
    return meaningOf(parse(text, options)) === meaning
  } catch {
    return false
  }
}

/** A tree without places, and without statements that are none. */
function meaningOf(tree: Node): string {
  return JSON.stringify(tree, (key, value: unknown) => {
    if (key === 'start' || key === 'end') return undefined
    return Array.isArray(value) ? value.filter((item) => item?.type !== 'EmptyStatement') : value
  })
}
