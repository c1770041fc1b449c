/** Where the browser starts: the theme before the first paint, then the page. */
import { render } from 'preact'
import { App } from './app.tsx'
import { startTheme } from './theme.ts'
import './styles/dashboard.css'

startTheme()
const place = document.getElementById('app')
if (place !== null) render(<App />, place)
