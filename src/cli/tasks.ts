/** Plans and their execution, in eksctl's manner: shown first, done with --approve. */
import { type CliContext, paint } from './context.ts'

/** One change. `run` may answer a note for the line that says it is done. */
export interface Task {
  readonly mark: '+' | '-' | '~'
  /** `IAM role`. */
  readonly what: string
  readonly name: string
  readonly note?: string
  run(): Promise<string | undefined>
}

/** Shows what would be done. */
export function showPlan(context: CliContext, title: string, tasks: readonly Task[]): void {
  context.stderr.write(`  ${title}:\n`)
  const what = Math.max(...tasks.map((task) => task.what.length))
  const name = Math.max(...tasks.map((task) => task.name.length))
  for (const task of tasks) {
    const mark = paint(context, task.mark === '-' ? 'red' : 'green', task.mark)
    const note = task.note ? paint(context, 'dim', task.note) : ''
    context.stderr.write(
      `    ${mark} ${task.what.padEnd(what)}  ${task.name.padEnd(name)}    ${note}`.trimEnd(),
    )
    context.stderr.write('\n')
  }
}

/** The line that ends a plan that was not approved. */
export function notApproved(context: CliContext): void {
  context.stderr.write('  nothing has been changed: add --approve\n')
}

/** Does the tasks in order; says each when it is done, and how long it took where that was felt. */
export async function runTasks(context: CliContext, tasks: readonly Task[]): Promise<void> {
  for (const task of tasks) {
    const started = performance.now()
    const note = await task.run()
    const seconds = (performance.now() - started) / 1000
    const time = seconds >= 0.1 ? `${seconds.toFixed(1)} s` : ''
    const text = note ?? `${task.what} ${task.name}${task.mark === '-' ? ' removed' : ''}`
    const line = `  ${paint(context, 'green', '✔')} ${text.padEnd(60)} ${paint(context, 'dim', time)}`
    context.stderr.write(`${line.trimEnd()}\n`)
  }
}
