/** Names that the source does not have: what the compiler adds must not be seen, nor hide anything. */
export class Names {
  private readonly taken: Set<string>
  private readonly prefix: string
  private count = 0

  /** `taken` holds each identifier of the source. */
  constructor(taken: Set<string>) {
    this.taken = taken
    let prefix = '$'
    // `$1` and `$s` are free unless the source has names like that itself.
    while ([...taken].some((name) => name.startsWith(prefix) && name.length > prefix.length)) prefix += '$'
    this.prefix = prefix
  }

  /** A fixed name: the same for each `key`. */
  of(key: string): string {
    return this.prefix + key
  }

  /** A new name that tells `about` what it is. */
  fresh(about: string): string {
    let name: string
    do name = `${about}${this.prefix}${++this.count}`
    while (this.taken.has(name))
    return name
  }
}
