/** What the program found wrong with itself, as the server tells it. */
export interface ReportRecord {
  readonly kind: string
  /** Milliseconds since 1970. */
  readonly at: number
  /** A paragraph that can be read. */
  readonly text: string
  /** The task that it is about. */
  readonly task?: number
  readonly data?: unknown
}
