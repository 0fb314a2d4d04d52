// All that the core takes from its platform: part of every JavaScript runtime, of no one in particular.
// The compiler knows nothing else there (`types: []`, no DOM), so anything missing here cannot slip in.

interface ErrorConstructor {
  captureStackTrace?(target: object, skip?: (...args: never[]) => unknown): void
  stackTraceLimit?: number
  prepareStackTrace?: ((error: unknown, sites: { getFunctionName?(): string | null }[]) => unknown) | undefined
}

interface AbortSignal {
  readonly aborted: boolean
  readonly reason: unknown
  addEventListener(type: 'abort', listener: () => void, options?: { once?: boolean }): void
  removeEventListener(type: 'abort', listener: () => void): void
}

interface AbortController {
  readonly signal: AbortSignal
  abort(reason?: unknown): void
}

interface ImportMeta {
  readonly url: string
}

declare let AbortController: { new (): AbortController }
