import { debuglog } from 'node:util'

/** A line for whoever looks for it: `NODE_DEBUG=fibril`. */
export const debug = debuglog('fibril')
