import { type ParseArgsConfig, parseArgs } from 'node:util'
import { CommandError } from './usage.ts'

type Options = NonNullable<ParseArgsConfig['options']>

interface Parsed<O extends Options> {
  readonly values: ReturnType<typeof parseArgs<{ options: O }>>['values']
  readonly words: readonly string[]
}

/**
 * The options before the first word that is none, and the words from there on: what follows the name of a program belongs
 * to the program. `whole` gives an option whose value was left out its value, which `parseArgs` cannot.
 */
export function parseHead<O extends Options>(
  args: string[],
  options: O,
  whole = (argument: string) => argument,
): Parsed<O> {
  const { tokens } = parseArgs({ args: args.map(whole), options, strict: false, tokens: true })
  const first = tokens.find(({ kind }) => kind === 'positional' || kind === 'option-terminator')
  const head = args.slice(0, first?.index).map(whole)
  const words = args.slice(first?.index ?? args.length).slice(first?.kind === 'option-terminator' ? 1 : 0)
  return { values: parse(head, options).values, words }
}

/** The options, wherever they stand, and the other words. */
export function parseAll<O extends Options>(args: string[], options: O): Parsed<O> {
  const { values, positionals } = parse(args, options)
  return { values, words: positionals }
}

function parse<O extends Options>(args: string[], options: O) {
  try {
    return parseArgs({ args, options, allowPositionals: true })
  } catch (error) {
    if (!String((error as NodeJS.ErrnoException).code).startsWith('ERR_PARSE_ARGS')) throw error
    // Node's first sentence says what is wrong; the second is about its own API.
    throw new CommandError((error as Error).message.split('. ')[0])
  }
}

/** The value of an option that is a time. */
export function milliseconds(option: string, text: string): number {
  const value = Number(text)
  if (text.trim() !== '' && value >= 0 && value < 2 ** 31) return value
  throw new CommandError(`${option} takes milliseconds, not ${JSON.stringify(text)}`)
}
