/** Where something listens or is connected to: a TCP port of a host, or the path of a Unix socket. */
export interface Address {
  readonly host?: string | undefined
  readonly port?: number | undefined
  readonly path?: string | undefined
}

/** As people write it: `127.0.0.1:80`, `[::1]:80`, `/run/app.sock`. */
export function formatAddress({ host, port, path }: Address): string {
  if (path !== undefined) return path
  // A peer that was gone before anybody asked for its address.
  if (host === undefined) return 'nobody'
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}
