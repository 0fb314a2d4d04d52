import mysql from 'mysql2/promise'
import { answer } from './answering.js'

const connections = new Map()
let lastId = 0

answer({
  async open(options) {
    const id = ++lastId
    connections.set(id, await mysql.createConnection(options))
    return id
  },
  async query(id, sql, values) {
    const [rows] = await connections.get(id).query(sql, values)
    return Array.isArray(rows) ? rows : { affectedRows: rows.affectedRows, insertId: rows.insertId }
  },
  async close(id) {
    const connection = connections.get(id)
    connections.delete(id)
    await connection.end()
  },
})
