import { openings } from '../../core/index.ts'
import { type Site, siteLines } from '../sites.ts'

/** Something open that a reactor knows of: a port that listens, a connection, an attempt to connect. */
export interface Selectable {
  /** What it is, such as `tcp 127.0.0.1:8000`. */
  readonly name: string
  /** It is ending by itself: nobody need do anything. */
  readonly disconnecting: boolean
  /** Where it was opened, if that was recorded: lines of a stack trace. */
  readonly madeAt: string
  /** Lets go of it at once. */
  close(): void
  /** @internal It was opened while somebody watched for leaks. */
  readonly watched: boolean
}

/** What a reactor has open. */
export class Selectables {
  private readonly open = new Set<Selectable>()

  /** Adds one; `by` is the function whose caller opens it. Returns how to forget it. */
  add(what: { readonly name: string; readonly disconnecting: boolean; close(): void }, site: Site | null): () => void {
    const selectable: Selectable = {
      get name() {
        return what.name
      },
      get disconnecting() {
        return what.disconnecting
      },
      get madeAt() {
        return site === null ? '' : siteLines(site)
      },
      close: () => what.close(),
      watched: openings.watchers > 0,
    }
    this.open.add(selectable)
    return () => this.open.delete(selectable)
  }

  list(): readonly Selectable[] {
    return [...this.open]
  }
}
