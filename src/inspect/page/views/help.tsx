import { useEffect, useRef } from 'preact/hooks'
import { helpOpen } from '../keys.ts'

const keys: readonly (readonly [string, string])[] = [
  ['1 … 8', 'the views, in the order of the menu'],
  ['/', 'search; words must all be found: name, reason, #12, is:parked, is:cancelled, name:…, waits:…'],
  ['↑ ↓', 'from task to task'],
  ['← →', 'close and open a branch'],
  ['Enter', "open a task's page"],
  ['Escape', 'leave the search, the task, this help'],
  ['p', 'pause: what comes is kept until you go on'],
  ['t', 'colours: as the system says, light, dark'],
  ['+ − 0', 'timeline, wait graph: nearer, farther, all of it'],
]

export function Help() {
  const dialog = useRef<HTMLDialogElement>(null)
  useEffect(() => {
    dialog.current?.showModal()
  }, [])
  const close = (): void => {
    helpOpen.value = false
  }
  return (
    <dialog ref={dialog} class="help" aria-labelledby="help-title" onClose={close}>
      <h2 id="help-title">Keys</h2>
      <dl>
        {keys.map(([key, does]) => (
          <div key={key}>
            <dt>
              <kbd>{key}</kbd>
            </dt>
            <dd>{does}</dd>
          </div>
        ))}
      </dl>
      <h2>Reading the page</h2>
      <p>
        Each task stands below the one that owns it. <i>waits for</i> is its reason, <i>held by</i> are the tasks that
        could end that wait; where none is named, something from outside must come. Red marks tasks that wait for one
        another in a circle: only a timeout or a cancel can end that.
      </p>
      <p>The page reads and never steers: nothing you do here changes the program.</p>
      <button type="button" onClick={close}>
        Close
      </button>
    </dialog>
  )
}
