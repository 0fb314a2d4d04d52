export { captureContext } from './async-context.ts'
export { arrive, NodeHost } from './node-host.ts'
