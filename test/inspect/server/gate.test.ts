import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Gate } from '../../../src/inspect/server/gate.ts'

const token = 'a'.repeat(43)
const gate = new Gate(token, 4000)

const refused = (headers: Record<string, string>, method = 'GET') =>
  gate.refusal({ method, headers: { host: '127.0.0.1:4000', ...headers } })?.status ?? null

test('this machine may ask under its own names, from whatever port a tunnel has', () => {
  for (const host of ['127.0.0.1:4000', 'localhost:4000', 'LOCALHOST', '127.0.0.1:81'])
    assert.equal(refused({ host }), null)
})

test('a name that was made to point here is refused, and so is none', () => {
  for (const host of ['evil.example:4000', '127.0.0.1.evil.example', 'localhost.evil.example:4000', '0.0.0.0:4000', ''])
    assert.equal(refused({ host }), 403, host)
  assert.equal(gate.refusal({ method: 'GET', headers: {} })?.status, 403)
})

test('what a browser asks on behalf of another site is refused, also of another port', () => {
  for (const origin of ['http://evil.example', 'null', 'http://127.0.0.1:4001', 'https://127.0.0.1:4000'])
    assert.equal(refused({ origin }), 403, origin)
  for (const site of ['cross-site', 'same-site', 'strange'])
    assert.equal(refused({ 'sec-fetch-site': site }), 403, site)
  assert.equal(refused({ origin: 'http://127.0.0.1:4000', 'sec-fetch-site': 'same-origin' }), null)
  assert.equal(refused({ 'sec-fetch-site': 'none' }), null)
})

test('there is nothing but GET and HEAD', () => {
  for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH', 'TRACE']) assert.equal(refused({}, method), 405)
  assert.equal(refused({}, 'HEAD'), null)
})

test('the token is known by its header or its cookie, and by nothing that is merely like it', () => {
  const knows = (headers: Record<string, string>) => gate.knows({ method: 'GET', headers })
  assert.ok(knows({ authorization: `Bearer ${token}` }))
  assert.ok(knows({ authorization: `bearer ${token}` }))
  assert.ok(knows({ cookie: `other=1; fibril-4000=${token}; more=2` }))
  assert.ok(knows({ cookie: gate.cookieOf(token).split(';')[0] as string }))
  for (const headers of [
    {},
    { authorization: '' },
    { authorization: 'Bearer ' },
    { authorization: `Basic ${token}` },
    { authorization: `Bearer ${token}a` },
    { authorization: `Bearer ${token.slice(1)}` },
    { authorization: token },
    { cookie: `fibril-4001=${token}` },
    { cookie: `xfibril-4000=${token}` },
    { cookie: `fibril-4000=` },
    { cookie: 'fibril-4000' },
  ])
    assert.ok(!knows(headers as Record<string, string>), JSON.stringify(headers))
})

test('the cookie is for this site alone, and no script can read it', () => {
  assert.match(gate.cookieOf(token), /^fibril-4000=a+; Path=\/; HttpOnly; SameSite=Strict$/)
})
