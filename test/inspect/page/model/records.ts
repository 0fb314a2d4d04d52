import type { TaskRecord } from '../../../../src/inspect/index.ts'

/** A task record with what matters to a test. */
export function task(id: number, more: Partial<TaskRecord> = {}): TaskRecord {
  const parked = more.reason !== undefined && more.reason !== null
  return {
    ...{ id, name: `task ${id}`, state: parked ? 'parked' : 'ready', parent: null, depth: 0 },
    ...{ reason: null, parkedMs: parked ? 100 : null, holders: [], needs: 'none', cancelled: false },
    ...{ frames: [], spawnedAt: [], dialect: 'fibril', steps: null, cpuMs: null },
    ...more,
  }
}
