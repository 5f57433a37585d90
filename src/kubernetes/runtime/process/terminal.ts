/** A terminal for a command: util-linux' script makes it, stty sets its size. */
import { spawn } from 'node:child_process'
import { readFileSync, readlinkSync } from 'node:fs'
import { type ContainerSpec, StartFailure, type TerminalSize } from '../runtime.ts'
import type { Child } from './child.ts'
import type { HostOptions } from './launcher.ts'
import { childrenOf } from './process-table.ts'

/** How often a size is tried to be set. */
const attemptsMax = 20
/** How many turns of the event loop a terminal may take to be there. */
const terminalTurnsMax = 100_000

/** The same command line at a terminal; ends with the command's own exit code. Throws StartFailure where there is no script. */
export function inTerminal(argv: readonly string[], { script }: HostOptions): string[] {
  if (!script) throw new StartFailure('no terminal to be had: script (util-linux) is not here')
  if (argv.length === 0) return []
  // Its input is no terminal, so script would take the echo away.
  const line = `stty echo 2>/dev/null; exec ${argv.map(quoted).join(' ')}`
  return [script, '-qefc', line, '/dev/null']
}

/** The environment of a command at a terminal: script runs it by the shell that SHELL names. */
export function atTerminal(
  environment: ContainerSpec['environment'],
): ContainerSpec['environment'] {
  return { TERM: 'xterm', ...environment, SHELL: '/bin/sh' }
}

function quoted(word: string): string {
  return `'${word.replaceAll("'", "'\\''")}'`
}

/** The command that script runs where the process is one; asked to end, script would take its time and forget the exit code. */
export function belowTerminal(pid: number): number {
  try {
    const name = readFileSync(`/proc/${pid}/comm`, 'utf8').trim()
    return name === 'script' ? (childrenOf(pid)[0] ?? pid) : pid
  } catch {
    return pid
  }
}

/** What gives the terminal of a child, once it is there, each size in turn. */
export function resizer(child: Child, { stty }: HostOptions): (size: TerminalSize) => void {
  if (!stty) return () => {}
  let last = Promise.resolve()
  let hasEnded = false
  child.process.once('exit', () => {
    hasEnded = true
  })
  return (size) => {
    last = last.then(async () => {
      // The process through which it was found may be gone again: at the start some live for a moment only.
      let isSet = false
      for (let attempt = 0; !isSet && !hasEnded && attempt < attemptsMax; attempt++) {
        const device = await terminalOf(child.pid, () => hasEnded)
        if (!device) return
        isSet = await setSize(stty, device, size)
      }
    })
  }
}

/** False where the terminal is not there any more. */
function setSize(stty: string, device: string, { columns, rows }: TerminalSize): Promise<boolean> {
  const args = ['-F', device, 'rows', `${rows}`, 'cols', `${columns}`]
  return new Promise((resolve) => {
    const setting = spawn(stty, args, { stdio: 'ignore' })
    setting.once('error', () => resolve(true))
    setting.once('close', (code) => resolve(code === 0))
  })
}

/** The terminal that a process below `pid` reads from, as a path that leads to it from any mount namespace. */
async function terminalOf(pid: number, hasEnded: () => boolean): Promise<string | undefined> {
  for (let turn = 0; turn < terminalTurnsMax && !hasEnded(); turn++) {
    const found = search(pid)
    if (found) return found
    await new Promise((resolve) => setImmediate(resolve))
  }
  return undefined
}

function search(pid: number): string | undefined {
  const device = `/proc/${pid}/fd/0`
  try {
    if (/^\/(?:dev\/)?pts\/|^\/\d+$/.test(readlinkSync(device))) return device
  } catch {
    // Gone meanwhile.
  }
  for (const child of childrenOf(pid)) {
    const found = search(child)
    if (found) return found
  }
  return undefined
}
