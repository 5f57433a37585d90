import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command, Option } from 'commander'
import { candidates } from './completion.ts'

const program = new Command('podpass').option('--home <dir>')
const create = program.command('create')
create.command('cluster').option('--name <name>').option('--with-oidc')
create
  .command('iamserviceaccount')
  .alias('sa')
  .addOption(new Option('--lang <language>').choices(['en', 'ja']))

test('sub-commands are completed, then options, then their choices', () => {
  assert.deepEqual(candidates(program, ['cr']), ['create'])
  assert.deepEqual(candidates(program, ['create', '']), ['cluster', 'iamserviceaccount'])
  assert.deepEqual(candidates(program, ['create', 'cluster', '--w']), ['--with-oidc'])
  assert.deepEqual(candidates(program, ['create', 'cluster', '--h']), ['--help', '--home'])
  assert.deepEqual(candidates(program, ['create', 'sa', '--lang', 'j']), ['ja'])
  assert.deepEqual(candidates(program, ['create', 'cluster', '--name', 'x']), [])
})
