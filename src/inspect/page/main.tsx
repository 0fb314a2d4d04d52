/**
 * The inspector's page. It shows what a program sends, and never steers it: all that it sends are questions.
 *
 *   live.ts       what the page knows, and the connection          model/    what is made of it: no browser, no drawing
 *   route.ts      where the page is: its address                    views/    one file for each view
 *   keys.ts theme.ts clock.ts                                       parts/    what several views use
 *   platform.ts   what the simulator asks of Node                   styles/   one stylesheet, all colours in palette.css
 *
 * Names, reasons and stacks are the program's own: they are shown as text, never as HTML.
 */
import { render } from 'preact'
import './styles/palette.css'
import './styles/page.css'
import './styles/tasks.css'
import './styles/views.css'
import './styles/phone.css'
import { App } from './app.tsx'
import { startClock } from './clock.ts'
import { listenToKeys } from './keys.ts'
import { connect } from './live.ts'

startClock()
listenToKeys()
connect()
render(<App />, document.getElementById('app') as HTMLElement)
