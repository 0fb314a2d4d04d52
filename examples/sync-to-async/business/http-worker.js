import { answer } from './answering.js'

answer({
  async get(url) {
    const response = await fetch(url)
    return { status: response.status, body: await response.text() }
  },
})
