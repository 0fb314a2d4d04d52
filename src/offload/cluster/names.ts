import { UsageError } from '../../core/index.ts'
import type { Level } from './level.ts'

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

/** Added to a version: no version has a plus. What is neither is called as it was before there were levels. */
const SUFFIX = { 1: '+high', 0: '', [-1]: '+low' } as const

/** The version in the subject of a job. */
export function versionIn(subject: string): string {
  return queueIn(subject).split('+')[0] as string
}

/** The queue in the subject of a job. */
export function queueIn(subject: string): string {
  return subject.split('.').at(-2) as string
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

  /** Where jobs of one version and level wait, and the consumer that feeds workers with them. */
  queue(version: string, level: Level): string {
    return `${version}${SUFFIX[level]}`
  }

  /** `*` stands for any queue, or any id. */
  job(queue: string, id: string): string {
    return `fibril.${this.cluster}.jobs.${queue}.${id}`
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
