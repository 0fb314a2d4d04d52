/** What the main thread is doing, seen from another thread: for the watchdog and for the inspector. Not for users. */
export { type HoldFrame, placeOf } from './frame.ts'
export { canInspect, takeStack } from './take-stack.ts'
