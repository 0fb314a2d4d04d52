/** How many bytes `text` has in UTF-8, where half of a surrogate pair becomes U+FFFD, as every encoder has it. */
export function utf8Length(text: string): number {
  let length = text.length
  for (let at = 0; at < text.length; at++) {
    const unit = text.charCodeAt(at)
    if (unit < 0x80) continue
    length += unit < 0x800 ? 1 : 2
    // Both halves of a pair make four bytes, for which two units are counted already.
    if (isHigh(unit) && isLow(text.charCodeAt(at + 1))) at++
  }
  return length
}

const isHigh = (unit: number): boolean => unit >= 0xd800 && unit < 0xdc00
const isLow = (unit: number): boolean => unit >= 0xdc00 && unit < 0xe000
