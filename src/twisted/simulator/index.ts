/**
 * The Deferred simulator: a chain of callbacks, written as code or as text, is fired, and the path of its result between
 * callbacks and errbacks is drawn. `fibril deferred` is this on the command line.
 *
 *   notation.ts     a chain as text          simulation.ts   a real Deferred, watched
 *   ../drawing/     the pictures: plain data to text and to SVG
 */
export {
  type Arrival,
  type ChainTrace,
  type DrawSvgOptions,
  type DrawTextOptions,
  drawSvg,
  drawText,
  type Half,
  type Lane,
  type StageTrace,
} from '../drawing/index.ts'
export { NotationError, parseChain } from './notation.ts'
export { type Build, type SimulateOptions, simulate } from './simulation.ts'
