import { UsageError } from '../../core/index.ts'

const token = /^[\w-]+$/

/** `text` if it can be a part of a subject, and of a stream's name. */
export function tokenOf(text: string, what: string): string {
  if (token.test(text)) return text
  throw new UsageError(`${what} ${JSON.stringify(text)}: it may be made of letters, digits, _ and - only`)
}

/** The id in the subject of a job, result or dead letter. */
export function idIn(subject: string): string {
  return subject.slice(subject.lastIndexOf('.') + 1)
}

/** What things of one cluster are called on the server. */
export class Names {
  readonly cluster: string
  /** Told by any worker: who it is. */
  readonly who: string
  /** Every worker hears what is not wanted any more. */
  readonly cancel: string
  readonly jobStream: string
  readonly resultStream: string
  readonly deadStream: string
  readonly tryStream: string
  readonly argumentBucket: string
  readonly resultBucket: string

  constructor(cluster: string) {
    this.cluster = tokenOf(cluster, 'the name of a cluster')
    this.who = `fibril.${cluster}.who`
    this.cancel = `fibril.${cluster}.cancel`
    this.jobStream = `FIBRIL_${cluster}_JOBS`
    this.resultStream = `FIBRIL_${cluster}_RESULTS`
    this.deadStream = `FIBRIL_${cluster}_DEAD`
    this.tryStream = `FIBRIL_${cluster}_TRIES`
    this.argumentBucket = `fibril_${cluster}_arguments`
    this.resultBucket = `fibril_${cluster}_results`
  }

  call(version: string): string {
    return `fibril.${this.cluster}.call.${version}`
  }

  /** `*` stands for any version, or any id. */
  job(version: string, id: string): string {
    return `fibril.${this.cluster}.jobs.${version}.${id}`
  }

  result(id: string): string {
    return `fibril.${this.cluster}.results.${id}`
  }

  /** Where the server repeats a result that it has stored. */
  kept(id: string): string {
    return `fibril.${this.cluster}.kept.${id}`
  }

  /** What a job that runs tells of its progress. */
  progress(id: string): string {
    return `fibril.${this.cluster}.progress.${id}`
  }

  tries(id: string): string {
    return `fibril.${this.cluster}.tries.${id}`
  }

  dead(id: string): string {
    return `fibril.${this.cluster}.dead.${id}`
  }
}
