// Theory of operation
//
// TypeScript 7 has no parser to call, and imports can be found without one, provided that text is told from code: a
// comment, a string, a template and a regular expression may each hold what looks like an import. `lex` walks the
// source once and gives it back with comments, templates' text and regular expressions blanked (line breaks stay, so
// line numbers do too) and with each string replaced by its index in quotes, so that in
//
//     import { a } from './a.ts' // not "from './b.ts'"      →      import { a } from '0'
//
// every quote that is left stands for a real string. A template's `${…}` is code: `open` holds, for each template that
// is waiting for its `}`, how deep in braces its `${` stood.

const inCode =
  /(?<comment>\/\/.*|\/\*[\s\S]*?\*\/)|(?<string>'(?:\\.|[^'\\\n])*'|"(?:\\.|[^"\\\n])*")|(?<regex>(?<=(?:^|[(,=:[!&|?{};]|=>|\breturn)\s*)\/(?:\\.|\[(?:\\.|[^\]\\\n])*\]|[^/\\\n[])+\/)|[`{}]/gm
const inTemplate = /(?:\\[\s\S]|[^\\`$]|\$(?!\{))*(?:`|\$\{|$)/y

const blank = (text) => text.replace(/[^\n]/g, ' ')

/** The code of a source text with everything that is not code taken out, and its strings. */
export function lex(source) {
  const strings = []
  const open = []
  let depth = 0
  let code = ''
  let at = 0

  const skipTemplate = () => {
    inTemplate.lastIndex = at
    const text = inTemplate.exec(source)?.[0] ?? source.slice(at)
    if (text.endsWith('${')) open.push(depth)
    code += blank(text)
    at += text.length
  }

  while (at < source.length) {
    inCode.lastIndex = at
    const match = inCode.exec(source)
    code += source.slice(at, match?.index)
    if (match === null) break
    const [text] = match
    at = match.index + text.length
    const closesHole = text === '}' && open.at(-1) === depth
    if (closesHole) open.pop()
    if (closesHole || text === '`') skipTemplate()
    else if (match.groups.string !== undefined) code += `'${strings.push(text.slice(1, -1)) - 1}'`
    else if (text === '{' || text === '}') {
      code += text
      depth += text === '{' ? 1 : -1
    } else code += blank(text)
  }
  return { code, strings }
}

/** What a lexed source imports, in any way: statically, for types, by re-export, dynamically, by `require`. */
export function importsOf({ code, strings }) {
  const loads = code.matchAll(/(?<![.\w$])(?:from|import|(?:import|require)\s*\()\s*'(\d+)'/g)
  return Array.from(loads, (match) => ({ specifier: strings[match[1]], line: lineAt(code, match.index) }))
}

/** The number, from 1, of the line that holds `index`. */
export const lineAt = (code, index) => code.slice(0, index).split('\n').length
