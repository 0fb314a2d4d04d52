/** Figures in words, as short as can be read. */

export function duration(ms: number): string {
  if (ms < 0.995)
    return ms <= 0 ? '0 ms' : `${ms < 0.1 ? (ms * 1000).toFixed(ms < 0.01 ? 1 : 0) : (ms * 1000).toFixed(0)} µs`
  if (ms < 10) return `${Number(ms.toFixed(1))} ms`
  if (ms < 1000) return `${Math.round(ms)} ms`
  const s = ms / 1000
  if (s < 120) return `${s.toFixed(1)} s`
  if (s < 7200) return `${Math.floor(s / 60)} min ${Math.floor(s % 60)} s`
  if (s < 172_800) return `${Math.floor(s / 3600)} h ${Math.floor((s % 3600) / 60)} min`
  return `${Math.floor(s / 86_400)} d ${Math.floor((s % 86_400) / 3600)} h`
}

export function bytes(n: number): string {
  if (n < 1024) return `${n} B`
  const units = ['KB', 'MB', 'GB', 'TB']
  let value = n
  let unit = -1
  while (value >= 1024 && unit < units.length - 1) {
    value /= 1024
    unit++
  }
  return `${value < 10 ? value.toFixed(1) : Math.round(value)} ${units[unit]}`
}

export function count(n: number): string {
  return Math.round(n).toLocaleString('en-US')
}

/** A number for a small place: `12.3k`. */
export function brief(n: number): string {
  if (n < 1000) return n < 10 && n % 1 !== 0 ? n.toFixed(1) : String(Math.round(n))
  if (n < 1e6) return `${(n / 1e3).toFixed(n < 1e4 ? 1 : 0)}k`
  return `${(n / 1e6).toFixed(n < 1e7 ? 1 : 0)}M`
}

export function plural(n: number, what: string): string {
  return `${count(n)} ${what}${n === 1 ? '' : 's'}`
}

/** The time of day, to the second. */
export function clock(at: number): string {
  return new Date(at).toTimeString().slice(0, 8)
}
