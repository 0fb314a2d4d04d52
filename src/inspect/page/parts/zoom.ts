import { useEffect, useRef, useState } from 'preact/hooks'
import { takeKeys } from '../keys.ts'

export interface Zoom {
  readonly x: number
  readonly y: number
  readonly scale: number
}

const start: Zoom = { x: 0, y: 0, scale: 1 }

/** A drawing that is moved by dragging, and made larger by the wheel, by two fingers, by + and −. */
export function useZoom(fit: () => Zoom) {
  const [zoom, setZoom] = useState<Zoom>(start)
  const box = useRef<SVGSVGElement>(null)
  const fingers = useRef(new Map<number, { x: number; y: number }>())
  const moved = useRef(0)

  const by = (factor: number, x: number, y: number): void =>
    setZoom((old) => {
      const scale = Math.min(4, Math.max(0.05, old.scale * factor))
      const ratio = scale / old.scale
      return { scale, x: x - (x - old.x) * ratio, y: y - (y - old.y) * ratio }
    })

  useEffect(() => {
    const element = box.current
    if (element === null) return
    const onWheel = (event: WheelEvent): void => {
      event.preventDefault()
      const { left, top } = element.getBoundingClientRect()
      by(1.0015 ** -event.deltaY, event.clientX - left, event.clientY - top)
    }
    element.addEventListener('wheel', onWheel, { passive: false })
    const middle = (): [number, number] => [element.clientWidth / 2, element.clientHeight / 2]
    const release = takeKeys((key) => {
      if (key === '+' || key === '=') by(1.25, ...middle())
      else if (key === '-') by(0.8, ...middle())
      else if (key === '0') setZoom(fit())
      else return false
      return true
    })
    return () => {
      element.removeEventListener('wheel', onWheel)
      release()
    }
  })

  const onPointerDown = (event: PointerEvent): void => {
    fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY })
    moved.current = 0
  }
  const onPointerMove = (event: PointerEvent): void => {
    const last = fingers.current.get(event.pointerId)
    if (last === undefined) return
    const others = [...fingers.current].filter(([id]) => id !== event.pointerId)
    const [dx, dy] = [event.clientX - last.x, event.clientY - last.y]
    moved.current += Math.abs(dx) + Math.abs(dy)
    if (moved.current > 4) box.current?.setPointerCapture(event.pointerId)
    const other = others[0]?.[1]
    if (other === undefined) setZoom((old) => ({ ...old, x: old.x + dx, y: old.y + dy }))
    else {
      const { left = 0, top = 0 } = box.current?.getBoundingClientRect() ?? {}
      const apart = (x: number, y: number): number => Math.hypot(x - other.x, y - other.y) || 1
      by(apart(event.clientX, event.clientY) / apart(last.x, last.y), other.x - left, other.y - top)
    }
    fingers.current.set(event.pointerId, { x: event.clientX, y: event.clientY })
  }
  const onPointerUp = (event: PointerEvent): void => {
    fingers.current.delete(event.pointerId)
  }
  /** What was dragged was not meant to be clicked. */
  const onClickCapture = (event: MouseEvent): void => {
    if (moved.current > 4) event.preventDefault()
  }
  const handlers = { onPointerDown, onPointerMove, onPointerUp, onPointerCancel: onPointerUp, onClickCapture }
  return { zoom, setZoom, box, handlers, by }
}
