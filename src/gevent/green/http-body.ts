import { faceOfKind, type Green } from '../../green/index.ts'
import type { HttpBody } from '../../net/http/index.ts'

/** The body of a request, as green code reads it. */
export function bodyOf(body: HttpBody): Green<HttpBody, 'text' | 'json' | 'bytes' | 'read' | 'readLine'> {
  return faceOfKind(body, ['text', 'json', 'bytes', 'read', 'readLine'])
}
