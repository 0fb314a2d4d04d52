/** The middle one; NaN if there is none. */
export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b)
  return ((sorted[(sorted.length - 1) >> 1] ?? Number.NaN) + (sorted[sorted.length >> 1] ?? Number.NaN)) / 2
}

/** A table of text: the first column to the left, figures to the right. */
export function table(rows: readonly (readonly string[])[]): string {
  const width = (column: number): number => Math.max(...rows.map((row) => (row[column] ?? '').length))
  const cell = (text: string, column: number): string =>
    column === 0 ? text.padEnd(width(0)) : text.padStart(width(column))
  return rows.map((row) => `  ${row.map(cell).join('   ')}`).join('\n')
}

/** A whole number as people write it, or a dash if there is none. */
export function figure(value: number): string {
  return Number.isFinite(value) ? Math.round(value).toLocaleString('en') : '–'
}
