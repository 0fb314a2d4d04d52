/**
 * A chain of callbacks as a picture: two lanes, and the path that a result took through them. Plain data in, text out; it
 * imports nothing, so that a page can use it as well as a terminal.
 */
export { type DrawSvgOptions, drawSvg } from './svg.ts'
export { type DrawTextOptions, drawText } from './text.ts'
export type { Arrival, ChainTrace, Half, Lane, StageTrace } from './trace.ts'
