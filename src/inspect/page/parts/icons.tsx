import type { View } from '../route.ts'

const paths = {
  tasks: 'M3 3h4M3 8h4M3 13h4M10 3h3M10 8h3M10 13h3M5 3v10',
  waits:
    'M4 4m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0M12 12m-2 0a2 2 0 1 0 4 0a2 2 0 1 0-4 0M6 4h3q3 0 3 3v3M10 12H7q-3 0-3-3V6',
  timeline: 'M2 3.5h7M5 8h8M3 12.5h5M11 12.5h3M12 3.5h2',
  plots: 'M2 2v12h12M4 10l3-4 3 3 4-6',
  lists: 'M2 3h12v3H2zM2 10h12v3H2zM5 4.5h0M5 11.5h0',
  deferred: 'M4 1.5v4M4 10v4.5M12 6v8.5M4 5.5q0 3 4 3t4 3M2 3.5l2 2 2-2',
  compare: 'M5.5 2v12M10.5 2v12M2 5h3.5M10.5 5H14M2 8h3.5M10.5 11H14M2 11h3.5',
  reports: 'M8 2l6.5 11.5h-13zM8 6.5v3M8 11.5v0.2',
  help: 'M5.5 6q0-2.5 2.5-2.5t2.5 2.2q0 1.5-1.5 2.1t-1 2M8 12.5v0.2',
  pause: 'M5.5 3v10M10.5 3v10',
  play: 'M5 3l8 5-8 5z',
  auto: 'M8 2a6 6 0 1 0 0 12zM8 2a6 6 0 0 1 0 12',
  light: 'M8 5a3 3 0 1 0 0 6a3 3 0 1 0 0-6M8 1v1.5M8 13.5V15M1 8h1.5M13.5 8H15M3 3l1 1M12 12l1 1M3 13l1-1M12 4l1-1',
  dark: 'M13.5 9.5A6 6 0 1 1 6.5 2.5a4.8 4.8 0 0 0 7 7z',
  back: 'M10 3L5 8l5 5',
  open: 'M2 4h4l1.5 2H14v7H2z',
  record: 'M8 4a4 4 0 1 0 0 8a4 4 0 1 0 0-8',
} as const satisfies Record<View | string, string>

export type IconName = keyof typeof paths

/** A sign of 16 by 16; what it means is said beside it. */
export function Icon({ name }: { readonly name: IconName }) {
  return (
    <svg class={`icon icon-${name}`} viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}
