import { LineFraming } from '../protocol/index.ts'
import { type LineText, latin1Text, utf8Text } from './line-text.ts'

/** What a line is, and what its bytes mean. */
export interface LineRules {
  readonly framing: LineFraming
  readonly text: LineText
  /** Lines are UTF-8, and end with "\n" or "\r\n". */
  readonly usualEnd: boolean
}

/** The lines of most streams: nothing in them belongs to one. */
const usual: LineRules = { framing: new LineFraming(), text: utf8Text, usualEnd: true }

export function lineRules(
  delimiter: string | Uint8Array | undefined,
  maxLength: number,
  encoding: 'utf8' | 'latin1',
): LineRules {
  if (delimiter === undefined && maxLength === usual.framing.maxLength && encoding === 'utf8') return usual
  const framing = new LineFraming(delimiter === undefined ? { maxLength } : { delimiter, maxLength })
  const latin1 = encoding === 'latin1'
  return { framing, text: latin1 ? latin1Text : utf8Text, usualEnd: delimiter === undefined && !latin1 }
}
