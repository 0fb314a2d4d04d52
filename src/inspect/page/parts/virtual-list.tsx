import type { ComponentChildren } from 'preact'
import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks'

export interface VirtualListProps {
  readonly count: number
  /** Pixels; all rows are as high. */
  readonly rowHeight: number
  readonly row: (index: number) => ComponentChildren
  /** Kept in sight when it changes. */
  readonly at?: number | null
  readonly label: string
  readonly role?: 'tree' | 'list'
  readonly active?: string | undefined
}

/** Rows above and below what is seen, so that a fast scroll shows no gaps. */
const BEYOND = 8

/** A list of any length, of which only the rows in sight exist. */
export function VirtualList({ count, rowHeight, row, at = null, label, role = 'list', active }: VirtualListProps) {
  const box = useRef<HTMLDivElement>(null)
  const [top, setTop] = useState(0)
  const [height, setHeight] = useState(600)

  useLayoutEffect(() => {
    const element = box.current as HTMLDivElement
    const observer = new ResizeObserver(() => setHeight(element.clientHeight))
    observer.observe(element)
    setHeight(element.clientHeight)
    return () => observer.disconnect()
  }, [])

  useEffect(() => {
    const element = box.current as HTMLDivElement
    if (at === null) return
    const y = at * rowHeight
    if (y < element.scrollTop) element.scrollTop = y
    else if (y + rowHeight > element.scrollTop + element.clientHeight)
      element.scrollTop = y + rowHeight - element.clientHeight
  }, [at, rowHeight])

  const first = Math.max(0, Math.floor(top / rowHeight) - BEYOND)
  const end = Math.min(count, Math.ceil((top + height) / rowHeight) + BEYOND)
  const rows: ComponentChildren[] = []
  for (let index = first; index < end; index++) rows.push(row(index))
  return (
    // biome-ignore lint/a11y/useAriaPropsSupportedByRole: both of its roles have a label
    <div
      ref={box}
      class="virtual"
      role={role}
      aria-label={label}
      {...(active === undefined ? {} : { 'aria-activedescendant': active })}
      tabIndex={0}
      onScroll={({ currentTarget }) => setTop(currentTarget.scrollTop)}
    >
      <div class="virtual-all" role="presentation" style={{ height: `${count * rowHeight}px` }}>
        <div role="presentation" style={{ transform: `translateY(${first * rowHeight}px)` }}>
          {rows}
        </div>
      </div>
    </div>
  )
}
