import type { Shop } from './shop.js'
const { sleep } = require('fibril/green') as typeof import('fibril/green')

export type Price = number
interface Asked {
  shop: Shop
}

function price({ shop }: Asked): Price {
  sleep(1)
  return shop.price as Price
}
module.exports = { price }
