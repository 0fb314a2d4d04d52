/**
 * Theory of operation: endpoints written as text, for command lines and configuration.
 *
 *   tcp:example.com:80:timeout=5000            name ':' argument ':' argument …
 *   tcp:host=example.com:port=80               an argument is a value, or a key '=' a value
 *   unix:/run/app\:1.sock                      a backslash takes the meaning from the next character
 *
 * Values come first in the order that is given for each name, and keys where one likes; either way each parameter has
 * one value. Whatever is unknown, missing, doubled or no number is an error that names it: a text that was misread would connect to
 * somewhere else.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { ClientOptions, ListenerOptions, TlsClientSettings, UnixListenerOptions } from '../reactor/options.ts'
import type { Reactor } from '../reactor/reactor.ts'
import {
  HostnameEndpoint,
  SSL4ClientEndpoint,
  type StreamClientEndpoint,
  TCP4ClientEndpoint,
  UNIXClientEndpoint,
  wrapClientTLS,
} from './client.ts'
import {
  SSL4ServerEndpoint,
  type StreamServerEndpoint,
  TCP4ServerEndpoint,
  TCP6ServerEndpoint,
  UNIXServerEndpoint,
} from './server.ts'

/** Writes a value so that it can stand in an endpoint string. */
export function quoteStringArgument(argument: string): string {
  return argument.replace(/[\\:=]/g, (special) => `\\${special}`)
}

/** The parameters of a description, each taken once. */
class Parameters {
  readonly name: string
  private readonly description: string
  private readonly values = new Map<string, string>()

  constructor(description: string, known: { readonly [name: string]: readonly string[] }) {
    this.description = description
    const [first, ...rest] = splitDescription(description)
    this.name = (first?.value ?? '').toLowerCase()
    const parameters = Object.hasOwn(known, this.name) ? known[this.name] : undefined
    if (parameters === undefined || first?.key !== undefined) {
      throw this.wrong(`its kind is ${JSON.stringify(this.name)}: give ${Object.keys(known).join(', ')}`)
    }
    for (const { key, value } of rest) {
      const name = key ?? parameters.find((each) => !this.values.has(each))
      if (name === undefined) throw this.wrong(`there is no parameter left for ${JSON.stringify(value)}`)
      if (!parameters.includes(name)) throw this.wrong(`it has no parameter ${name}: give ${parameters.join(', ')}`)
      if (this.values.has(name)) throw this.wrong(`${name} is given twice`)
      this.values.set(name, value)
    }
  }

  text(name: string): string | undefined {
    return this.values.get(name)
  }

  needed(name: string): string {
    const value = this.text(name)
    if (value === undefined || value === '') throw this.wrong(`${name} is missing`)
    return value
  }

  number(name: string): number | undefined {
    const value = this.text(name)
    if (value === undefined) return undefined
    if (!/^\d+$/.test(value)) throw this.wrong(`${name} is ${JSON.stringify(value)}: give a whole number`)
    return Number(value)
  }

  port(): number {
    this.needed('port')
    const port = this.number('port') as number
    if (port > 65_535) throw this.wrong(`the port is ${port}: give a number up to 65535`)
    return port
  }

  wrong(why: string): Error {
    return new RangeError(`the endpoint ${JSON.stringify(this.description)} cannot be understood: ${why}`)
  }

  client(): ClientOptions {
    return without({ timeout: this.number('timeout'), bindAddress: this.text('bindAddress') })
  }

  listener(): ListenerOptions {
    return without({ interface: this.text('interface') || undefined, backlog: this.number('backlog') })
  }

  /** The certificate of this side, and the authorities that it trusts. */
  identity(certificate: string, authorities: string): TlsClientSettings {
    const cert = this.text(certificate)
    const key = this.text('privateKey') ?? cert
    const directory = this.text(authorities)
    return without({
      cert: cert === undefined ? undefined : readFileSync(cert),
      key: key === undefined ? undefined : readFileSync(key),
      ca: directory === undefined ? undefined : certificatesIn(directory),
    })
  }
}

const clients = {
  tcp: ['host', 'port', 'timeout', 'bindAddress'],
  ssl: ['host', 'port', 'timeout', 'bindAddress', 'privateKey', 'certKey', 'caCertsDir', 'hostname'],
  tls: ['host', 'port', 'timeout', 'bindAddress', 'certificate', 'privateKey', 'trustRoots', 'endpoint'],
  unix: ['path', 'timeout'],
} as const

/**
 * The client endpoint that a text stands for. Times are in milliseconds.
 *
 * | text | is |
 * | --- | --- |
 * | `tcp:HOST:PORT[:timeout=…][:bindAddress=…]` | `TCP4ClientEndpoint` |
 * | `ssl:HOST:PORT[…][:hostname=…][:certKey=…][:privateKey=…][:caCertsDir=…]` | `SSL4ClientEndpoint` |
 * | `tls:HOST:PORT[…][:certificate=…][:privateKey=…][:trustRoots=…][:endpoint=…]` | TLS over a `HostnameEndpoint`, or over `endpoint` |
 * | `unix:PATH[:timeout=…]` | `UNIXClientEndpoint` |
 *
 * ```ts
 * import { clientFromString, reactor } from 'fibril/twisted'
 *
 * const { address } = clientFromString(reactor, 'tcp:host=localhost:port=80:timeout=5000')
 * console.log(address.host, address.port) // => localhost 80
 * ```
 */
export function clientFromString(reactor: Reactor, description: string): StreamClientEndpoint {
  const parameters = new Parameters(description, clients)
  const options = parameters.client()
  switch (parameters.name as keyof typeof clients) {
    case 'tcp':
      return new TCP4ClientEndpoint(reactor, parameters.needed('host'), parameters.port(), options)
    case 'unix':
      return new UNIXClientEndpoint(reactor, parameters.needed('path'), options)
    case 'ssl': {
      const hostname = parameters.text('hostname')
      const tls = parameters.identity('certKey', 'caCertsDir')
      const settings = hostname === undefined ? tls : { ...tls, servername: hostname }
      return new SSL4ClientEndpoint(reactor, parameters.needed('host'), parameters.port(), settings, options)
    }
    case 'tls': {
      const host = parameters.needed('host')
      const inner = parameters.text('endpoint')
      const tls = { ...parameters.identity('certificate', 'trustRoots'), servername: host }
      const endpoint =
        inner === undefined
          ? new HostnameEndpoint(reactor, host, parameters.port(), options)
          : clientFromString(reactor, inner)
      return wrapClientTLS(reactor, tls, endpoint)
    }
  }
}

const servers = {
  tcp: ['port', 'interface', 'backlog'],
  tcp6: ['port', 'interface', 'backlog'],
  ssl: ['port', 'privateKey', 'certKey', 'interface', 'backlog'],
  unix: ['address', 'mode', 'backlog'],
} as const

/**
 * The server endpoint that a text stands for.
 *
 * | text | is |
 * | --- | --- |
 * | `tcp:PORT[:interface=…][:backlog=…]` | `TCP4ServerEndpoint` |
 * | `tcp6:PORT[:interface=…][:backlog=…]` | `TCP6ServerEndpoint` |
 * | `ssl:PORT[:privateKey=…][:certKey=…][:interface=…][:backlog=…]` | `SSL4ServerEndpoint`; both files are `server.pem` if left out |
 * | `unix:PATH[:mode=660][:backlog=…]` | `UNIXServerEndpoint` |
 *
 * ```ts
 * import { Factory, Protocol, reactor, serverFromString } from 'fibril/twisted'
 *
 * const port = await serverFromString(reactor, 'tcp:0:interface=127.0.0.1').listen(Factory.forProtocol(Protocol))
 * console.log(port.getHost().host) // => 127.0.0.1
 * await port.stopListening()
 * ```
 */
export function serverFromString(reactor: Reactor, description: string): StreamServerEndpoint {
  const parameters = new Parameters(description, servers)
  switch (parameters.name as keyof typeof servers) {
    case 'tcp':
      return new TCP4ServerEndpoint(reactor, parameters.port(), parameters.listener())
    case 'tcp6':
      return new TCP6ServerEndpoint(reactor, parameters.port(), parameters.listener())
    case 'ssl': {
      const key = parameters.text('privateKey') ?? 'server.pem'
      const certificates = { key: readFileSync(key), cert: readFileSync(parameters.text('certKey') ?? key) }
      return new SSL4ServerEndpoint(reactor, parameters.port(), { certificates }, parameters.listener())
    }
    case 'unix': {
      const mode = parameters.text('mode')
      if (mode !== undefined && !/^[0-7]{1,4}$/.test(mode))
        throw parameters.wrong(`the mode is ${mode}: give it in octal, such as 660`)
      const options: UnixListenerOptions = without({
        mode: mode === undefined ? undefined : Number.parseInt(mode, 8),
        backlog: parameters.number('backlog'),
      })
      return new UNIXServerEndpoint(reactor, parameters.needed('address'), options)
    }
  }
}

interface Argument {
  readonly key: string | undefined
  readonly value: string
}

function splitDescription(description: string): Argument[] {
  const parts: Argument[] = []
  let key: string | undefined
  let text = ''
  for (let at = 0; at < description.length; at++) {
    const letter = description[at] as string
    if (letter === '\\' && at + 1 < description.length) text += description[++at]
    else if (letter === ':') {
      parts.push({ key, value: text })
      key = undefined
      text = ''
    } else if (letter === '=' && key === undefined) {
      key = text
      text = ''
    } else text += letter
  }
  parts.push({ key, value: text })
  return parts
}

function certificatesIn(directory: string): Buffer[] {
  return readdirSync(directory)
    .filter((name) => name.toLowerCase().endsWith('.pem'))
    .map((name) => readFileSync(join(directory, name)))
}

type Given<T> = { [K in keyof T]?: Exclude<T[K], undefined> }

/** What was given: an option that is `undefined` is left out. */
function without<T extends object>(options: T): Given<T> {
  return Object.fromEntries(Object.entries(options).filter(([, value]) => value !== undefined)) as Given<T>
}
