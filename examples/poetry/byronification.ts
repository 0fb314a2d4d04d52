/** The engine was given what is no poem. */
export class GibberishError extends Error {}
Object.defineProperty(GibberishError.prototype, 'name', { value: 'GibberishError', configurable: true, writable: true })

const contractions: Readonly<Record<string, string>> = {
  ever: 'e’er',
  never: 'ne’er',
  over: 'o’er',
  through: 'thro’',
  the: 'th’',
  it: '’t',
}

/** The engines that there are; only the first works. */
export const engines = {
  /** Has one look at the poem, and contracts. */
  byron(poem: string): string {
    if (!/\p{Letter}{2}/u.test(poem)) throw new GibberishError('there is not a word in it')
    return poem.replace(/\b[a-z]+\b/g, (word) => contractions[word] ?? word)
  },
  /** Takes everything for gibberish. */
  gibberish(poem: string): string {
    throw new GibberishError(`${poem.length} characters of nonsense`)
  },
  /** Has a bug that nobody foresaw. */
  buggy(_poem: string): string {
    throw new TypeError('undefined is not a poet')
  },
} as const
