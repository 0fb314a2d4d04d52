import express, { type ErrorRequestHandler, type Express, type RequestHandler } from 'express'
import { Barrier, sleep } from 'fibril/green'

/** How many requests to `/` are answered together. */
export const TOGETHER = 100

/** What a user wraps handlers in. */
type Wrap = (handler: RequestHandler) => RequestHandler

/** The same app either way: its handlers are plain functions that block. */
export function makeApp(wrap: Wrap): Express {
  const app = express()
  let active = 0
  let most = 0
  const together = new Barrier(TOGETHER)

  function query(n: number): { readonly n: number; readonly square: number } {
    active++
    try {
      most = Math.max(most, active)
      together.wait() // a database that answers when all have asked
      return { n, square: n * n }
    } finally {
      active--
    }
  }

  app.get(
    '/',
    wrap((request, response) => {
      const row = query(Number(request.query['n']))
      response.json(row)
    }),
  )
  app.get(
    '/most',
    wrap((_request, response) => {
      response.json({ most, active })
    }),
  )
  app.get(
    '/fail',
    wrap(() => {
      sleep(1)
      throw new RangeError('out of stock')
    }),
  )
  app.get(
    '/next',
    wrap((_request, response, next) => {
      sleep(1)
      response.setHeader('x-before', 'was here')
      next()
    }),
    wrap((_request, response) => {
      sleep(1)
      response.json('after next')
    }),
  )
  app.post(
    '/double',
    express.json(),
    wrap((request, response) => {
      sleep(1)
      response.json(2 * request.body.n)
    }),
  )
  const onError: ErrorRequestHandler = (error: Error, _request, response, _next) => {
    response.status(500).json({ name: error.name, message: error.message })
  }
  app.use(onError)
  return app
}
