// TypeScript writes files without the executable bit, but npm's `bin` and people run dist/cli/main.js
// directly. Runs after every build; does nothing when the command line is not built yet.
import { chmodSync, existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const main = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url))
if (existsSync(main)) chmodSync(main, 0o755)
