export function add(a: number, b: number): number {
  return a + b
}

export function fail(message: string): never {
  throw new Error(message)
}
