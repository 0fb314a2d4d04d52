// biome-ignore-all lint/complexity/noThisInStatic: `this` is the model that was extended

// The little that this service needs of an object-relational mapper.
import { query } from './database.js'

/** A row of a table. Extend it, and name the table. */
export class Model {
  /** @type {string} */
  static table

  constructor(row) {
    Object.assign(this, row)
  }

  /** The row with this id, or null. */
  static find(id) {
    const [row] = query(`SELECT * FROM ${this.table} WHERE id = ?`, [id])
    return row === undefined ? null : new this(row)
  }

  /** The rows that have these values. */
  static where(values) {
    const names = Object.keys(values)
    const condition = names.map((name) => `${name} = ?`).join(' AND ')
    const rows = query(`SELECT * FROM ${this.table} WHERE ${condition} ORDER BY id`, Object.values(values))
    return rows.map((row) => new this(row))
  }

  static insert(values) {
    const names = Object.keys(values)
    const places = names.map(() => '?').join(', ')
    const sql = `INSERT INTO ${this.table} (${names.join(', ')}) VALUES (${places})`
    return query(sql, Object.values(values)).insertId
  }
}
