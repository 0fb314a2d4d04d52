import { UsageError } from '../core/index.ts'

/** `reusePort` is known to Node from 22.12 and 23.1 on; before, it is taken no notice of (https://nodejs.org/api/net.html#serverlistenoptions-callback). */
export function knowsReusePort(version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number)
  return major > 23 || (major === 23 && minor >= 1) || (major === 22 && minor >= 12)
}

/** Fails where the option would do nothing. */
export function checkReusePort(reusePort: boolean | undefined): void {
  if (reusePort === true && !knowsReusePort(process.versions.node))
    throw new UsageError(
      `reusePort needs Node 22.12 or 23.1, and this is ${process.versions.node}: take a newer one, or share the port by processes (serveAcross)`,
    )
}
