export { captureContext } from './async-context.ts'
export { NodeHost } from './node-host.ts'
