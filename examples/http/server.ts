import { fn, sleep } from 'fibril'
import { HttpError, type HttpHandler, type HttpServer, serveHttp } from 'fibril/net/http'

/** How the service is to be. */
export interface VotesOptions {
  /** 8000 if left out; 0 for any that is free. */
  readonly port?: number
  /** Milliseconds in which each request must be answered. 2000 if left out. */
  readonly requestMs?: number
  /** Told when the service listens. */
  readonly onListen?: (server: HttpServer) => void
}

/**
 * Counts votes: `POST /votes {"for": "tabs"}` casts one, `GET /votes` has the figures, and `GET /recount` counts again by hand,
 * a second for each vote: so that one is soon late. Ends when the server was stopped.
 */
export const serveVotes = fn(function* ({ port = 8000, ...options }: VotesOptions) {
  const votes: string[] = []
  const routes: { readonly [route: string]: HttpHandler } = {
    'GET /votes': (_, response) => response.json(figures(votes)),

    *'POST /votes'({ body }, response) {
      votes.push(choiceIn(yield* body.json({ limit: 1000 })))
      yield* response.json(figures(votes), { status: 201 })
    },

    *'GET /recount'(_, response) {
      const counted: string[] = []
      for (const vote of [...votes]) {
        yield* sleep(1000)
        counted.push(vote)
      }
      yield* response.json(figures(counted))
    },
  }

  yield* serveHttp(
    (request, response) => {
      const route = routes[`${request.method} ${request.path}`]
      if (route === undefined) throw new HttpError(404, `There is nothing at ${request}.`)
      return route(request, response)
    },
    { port, requestMs: 2000, ...options },
  )
})

/** What a vote is for, if it is one. */
function choiceIn(vote: unknown): string {
  const choice = (vote as { for?: unknown } | null)?.for
  if (typeof choice !== 'string' || choice === '') throw new HttpError(400, 'A vote is {"for": "something"}.')
  return choice
}

function figures(votes: readonly string[]): { readonly [choice: string]: number } {
  const counts = new Map<string, number>()
  for (const vote of votes) counts.set(vote, (counts.get(vote) ?? 0) + 1)
  return Object.fromEntries(counts)
}
