import * as http from '../../net/http/index.ts'
import type { ByteSource } from '../conversions.ts'
import { faceOfKind, type Green, mapped, thingOf } from '../face.ts'
import { park, parkable } from '../runtime/index.ts'
import { bodyOf, type HttpBody } from './message.ts'

/** What `fetch` takes, and a stream of ours as the body. */
export interface FetchOptions extends Omit<http.FetchOptions, 'body'> {
  readonly body?: RequestInit['body'] | ByteSource
}

const names = ['response', 'status', 'ok', 'headers', 'url'] as const

/** A response, as soon as its head is there. */
export interface FetchedResponse extends Green<http.FetchedResponse, (typeof names)[number]>, Disposable {
  readonly body: HttpBody
}

const fetchedOf = (response: http.FetchedResponse): FetchedResponse =>
  faceOfKind(response, [...names, 'body'], { results: { body: bodyOf } })

/**
 * `fetch` for tasks: waits for the head of the response. Its body waits too: `response.body.json()`, or `readLine` for one that
 * comes line by line. A cancel aborts the request, or gives the body up. One that is not wanted must be let go of:
 * `using response = fetchUrl(…)`.
 *
 * A request that fails is a `BrokenError` with the url and the cause; so is a body that breaks off. Any status is a response:
 * look at `ok`.
 */
export const fetchUrl = parkable(function fetchUrl(url: string | URL, options: FetchOptions = {}): FetchedResponse {
  const { body, ...rest } = options
  const given =
    body === undefined ? rest : { ...rest, body: thingOf(body) as Exclude<http.FetchOptions['body'], undefined> }
  return park(mapped(http.fetchUrl(url, given), fetchedOf))
})
