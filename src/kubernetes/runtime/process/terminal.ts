/** A terminal for a command: util-linux' script makes it, stty sets its size. */
import { spawn } from 'node:child_process'
import { readlinkSync } from 'node:fs'
import {
  type ContainerSpec,
  type ExecStreams,
  StartFailure,
  type TerminalSize,
} from '../runtime.ts'
import type { Child } from './child.ts'
import type { HostOptions } from './launcher.ts'
import { childrenOf } from './process-table.ts'

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

/** Gives the terminal of a child, once it is there, each size in turn. */
export function followSizes(
  { onSize }: NonNullable<ExecStreams['terminal']>,
  child: Child,
  { stty }: HostOptions,
): void {
  if (!stty) return
  let last = Promise.resolve()
  let hasEnded = false
  child.process.once('exit', () => {
    hasEnded = true
  })
  onSize((size) => {
    last = last.then(async () => {
      const device = await terminalOf(child.pid, () => hasEnded)
      if (device) await setSize(stty, device, size)
    })
  })
}

function setSize(stty: string, device: string, { columns, rows }: TerminalSize): Promise<void> {
  const args = ['-F', device, 'rows', `${rows}`, 'cols', `${columns}`]
  return new Promise((resolve) => {
    const setting = spawn(stty, args, { stdio: 'ignore' })
    // A terminal that is gone needs no size.
    setting.once('error', () => resolve())
    setting.once('close', () => resolve())
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
