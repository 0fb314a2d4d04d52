import { getHub } from '../../src/gevent/index.ts'

/** What the hub of the running loop writes from now on, in place of the terminal. */
export function heard(): string[] {
  const lines: string[] = []
  getHub().exceptionStream = { write: (text) => lines.push(text.trim()) }
  return lines
}
