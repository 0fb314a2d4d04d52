/** What a worker thread starts with: it loads the module that it is told to, and serves it. */
import { parentPort } from 'node:worker_threads'
import { serveModule } from './serve-module.ts'

const port = parentPort
if (port === null) throw new Error('fibril/offload/worker-entry is started by a ThreadPool, not by hand')

// Node tells the processor time of a thread since 23.9: https://nodejs.org/api/process.html#processthreadcpuusagepreviousvalue
const { threadCpuUsage } = process as { threadCpuUsage?: () => { user: number; system: number } }

port.on(
  'message',
  serveModule({
    post: (message, transfer) => port.postMessage(message, transfer),
    meter: {
      always: false,
      read() {
        const { user, system } = threadCpuUsage?.() ?? { user: -1, system: 0 }
        return [user + system, -1]
      },
    },
  }),
)
