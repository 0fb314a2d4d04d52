/** @param {number[]} values */
export function median(values) {
  return quantile(values, 0.5)
}

/**
 * Interpolates between the two nearest values.
 *
 * @param {number[]} values
 * @param {number} q from 0 to 1
 */
export function quantile(values, q) {
  const sorted = Float64Array.from(values).sort()
  const place = (sorted.length - 1) * q
  const below = Math.floor(place)
  const above = Math.ceil(place)
  return sorted[below] + (sorted[above] - sorted[below]) * (place - below)
}

/** @param {number[]} values */
export function summary(values) {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) }
}
