/** What a child process starts with: it loads the module that it is told to, and serves it, until its parent is gone. */
import { serveModule } from './serve-module.ts'

if (process.send === undefined) throw new Error('fibril/offload/process-entry is started by a ProcessPool, not by hand')

process.on(
  'message',
  serveModule({
    post: (message) => void process.send?.(message),
    meter: {
      always: true,
      read() {
        const { userCPUTime, systemCPUTime, maxRSS } = process.resourceUsage()
        return [userCPUTime + systemCPUTime, maxRSS]
      },
    },
  }),
)
// Nobody is left to work for.
process.on('disconnect', () => process.exit())
