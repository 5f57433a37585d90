import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { commandRows, registerCommands } from './commands.ts'
import type { CliContext } from './context.ts'

const context: CliContext = {
  environment: {},
  stdout: { write: () => {} },
  stderr: { write: () => {} },
  color: false,
  userId: 0,
  now: () => 0,
}

test('each row of the table makes the command that it names', async () => {
  for (const { name, load } of commandRows) assert.equal((await load())(context).name(), name)
})

test('only the command that is typed is made in full', async () => {
  const program = new Command('podpass')
  await registerCommands(program, context, ['--home', 'get', 'create', 'cluster'])
  const made = program.commands.filter((command) => command.commands.length > 0)
  assert.deepEqual(
    made.map((command) => command.name()),
    ['create'],
  )
  assert.equal(program.commands.length, commandRows.length)
})
