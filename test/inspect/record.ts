import type { Snapshot, TaskRecord } from '../../src/inspect/index.ts'

/** A parked task in which nothing is particular but what is said. */
export function record(said: Partial<TaskRecord>): TaskRecord {
  return {
    id: 1,
    name: 'task',
    state: 'parked',
    dialect: 'fibril',
    parent: null,
    depth: 0,
    reason: 'a thing',
    parkedMs: 5,
    holders: [],
    needs: 'none',
    cancelled: false,
    frames: [],
    spawnedAt: [],
    steps: null,
    cpuMs: null,
    ...said,
  }
}

export function snapshotOf(tasks: readonly TaskRecord[], openings: Snapshot['openings'] = []): Snapshot {
  return {
    version: 1,
    at: '2026-01-01T00:00:00.000Z',
    process: {
      pid: 7,
      thread: 0,
      command: ['app.ts'],
      version: 'v20.0.0',
      uptimeMs: 61_000,
      cpuMs: { user: 1, system: 1 },
      memoryBytes: { rss: 1, heapUsed: 1, external: 1 },
      resources: {},
    },
    loop: { nowMs: 10, ready: 0, timers: 1, externals: 2, lagMs: null, batch: 64, deadlines: [] },
    tasks,
    openings,
    resources: null,
  }
}
