import type { Failure } from '../failure.ts'
import type { Connector, ConnectorFactory } from '../reactor/connector.ts'
import { Factory } from './protocol.ts'

/** A factory for clients, which is told how its connector fares. New code uses an endpoint, and a plain `Factory`. */
export class ClientFactory extends Factory implements ConnectorFactory {
  /** An attempt to connect begins. `connector.stopConnecting()` gives it up. */
  startedConnecting(_connector: Connector): void {}

  /** It failed. `connector.connect()` tries again. */
  clientConnectionFailed(_connector: Connector, _reason: Failure): void {}

  /** The connection was made, and is lost. `connector.connect()` makes it again. */
  clientConnectionLost(_connector: Connector, _reason: Failure): void {}
}
