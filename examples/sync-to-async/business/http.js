import { blockingWorker } from './blocking.js'

const call = blockingWorker(new URL('./http-worker.js', import.meta.url))

/** The JSON at `url`. */
export function getJson(url) {
  const { status, body } = call('get', url)
  if (status !== 200) throw new Error(`${url} answered ${status}`)
  return JSON.parse(body)
}
