import { readFileSync } from 'node:fs'

/** Fills a template file with values. */
export function render(name, values) {
  const text = readFileSync(new URL(`./${name}.txt`, import.meta.url), 'utf8')
  return text.replace(/\{(\w+)\}/g, (_, key) => String(values[key]))
}
