/**
 * A strict reader of the text format of Prometheus, version 0.0.4, as far as it goes without labels. Throws at whatever is not as
 * https://prometheus.io/docs/instrumenting/exposition_formats/ says.
 */
export interface Metric {
  readonly type: string
  readonly help: string
  readonly value: number
}

const NAME = '[a-zA-Z_:][a-zA-Z0-9_:]*'

export function parseMetrics(text: string): Map<string, Metric> {
  if (!text.endsWith('\n')) throw new Error('the last line must end with a line feed')
  const metrics = new Map<string, Metric>()
  const lines = text.slice(0, -1).split('\n')
  for (let i = 0; i < lines.length; i += 3) {
    const [, name = '', help = ''] = match(lines[i], new RegExp(`^# HELP (${NAME}) ([^\\\\]*)$`))
    const [, typed, type] = match(lines[i + 1], new RegExp(`^# TYPE (${NAME}) (counter|gauge)$`))
    const [, sampled, value] = match(lines[i + 2], new RegExp(`^(${NAME}) (-?\\d+(?:\\.\\d+)?(?:e[+-]?\\d+)?)$`))
    if (typed !== name || sampled !== name) throw new Error(`one metric, three names: ${name}, ${typed}, ${sampled}`)
    if (metrics.has(name)) throw new Error(`${name} comes twice`)
    if ((type === 'counter') !== name.endsWith('_total'))
      throw new Error(`${name} is a ${type}: a counter ends with _total`)
    if (type === 'counter' && Number(value) < 0) throw new Error(`${name} counts down`)
    metrics.set(name, { type: type as string, help, value: Number(value) })
  }
  return metrics
}

function match(line: string | undefined, pattern: RegExp): string[] {
  const found = pattern.exec(line ?? '')
  if (found === null) throw new Error(`${JSON.stringify(line)} is not ${pattern}`)
  return found
}
