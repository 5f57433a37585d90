/** The real Terraform in a directory of its own: what it made it must find again, unchanged, and take away again. */
import { execFile } from 'node:child_process'
import { cp, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

/** A directory with hashicorp/aws 5.100.0, as `terraform providers mirror` makes it. */
const plugins = process.env['PODPASS_TEST_TERRAFORM_PLUGINS']

/** Why these tests cannot run here, for `skip`; false where they can. No package registry has the provider. */
export function noTerraform(): string | false {
  return plugins ? false : 'set PODPASS_TEST_TERRAFORM_PLUGINS to where the AWS provider is'
}

/** A resource of the state, as `terraform show -json` has it. */
export interface StateResource {
  readonly mode: 'managed' | 'data'
  readonly address: string
  readonly type: string
  // biome-ignore lint/suspicious/noExplicitAny: each type of resource has its own attributes
  readonly values: Readonly<Record<string, any>>
}

export interface Terraform {
  /** Runs one of Terraform's commands and answers what it prints; throws that where it fails. */
  run(...args: readonly string[]): Promise<string>
  /** Applies and answers the sum: `3 added, 1 changed, 0 destroyed`, with `2 imported, ` in front where there were. */
  apply(...args: readonly string[]): Promise<string>
  /** Throws what a plan would change where it is anything. */
  expectNoChanges(...args: readonly string[]): Promise<void>
  /** Values of the outputs. */
  outputs(): Promise<Record<string, unknown>>
  /** All resources that are kept track of. */
  state(): Promise<readonly StateResource[]>
}

const plain = ['-input=false', '-no-color']

export interface TerraformSetup {
  /** Directory beside this file. */
  readonly configuration: string
  readonly environment: Readonly<Record<string, string | undefined>>
  /** Values of the configuration's variables. */
  readonly variables?: Readonly<Record<string, unknown>>
  /** More files of the configuration: their texts by name. */
  readonly files?: Readonly<Record<string, string>>
}

/** Copies a configuration and makes it ready; ends with the test. */
export async function startTerraform(
  t: Pick<TestContext, 'after'>,
  { configuration, environment, variables = {}, files = {} }: TerraformSetup,
): Promise<Terraform> {
  const cwd = await mkdtemp(join(tmpdir(), 'podpass-terraform-'))
  t.after(() => rm(cwd, { recursive: true, force: true }))
  const here = (name: string) => fileURLToPath(new URL(name, import.meta.url))
  await cp(here(configuration), cwd, { recursive: true })
  await cp(here('terraform-versions.tf'), join(cwd, 'versions.tf'))
  await writeFile(join(cwd, 'test.auto.tfvars.json'), JSON.stringify(variables))
  for (const [name, text] of Object.entries(files)) await writeFile(join(cwd, name), text)
  const own = Object.entries(environment).filter(([name]) => !name.startsWith('TF_'))
  const env = { ...Object.fromEntries(own), CHECKPOINT_DISABLE: '1', TF_IN_AUTOMATION: '1' }
  const terraform: Terraform = {
    run: (...args) => run(args, { cwd, env }),
    async apply(...args) {
      const shown = await terraform.run('apply', '-auto-approve', ...plain, ...args)
      return /(?:Resources: |Destroy complete! Resources: )(.*)\./.exec(shown)?.[1] ?? shown
    },
    async expectNoChanges(...args) {
      const shown = await terraform.run('plan', ...plain, ...args)
      if (!shown.includes('No changes.')) throw new Error(shown)
    },
    async outputs() {
      const shown = JSON.parse(await terraform.run('output', '-json'))
      return Object.fromEntries(
        Object.entries(shown as Record<string, { value: unknown }>).map(([name, { value }]) => [
          name,
          value,
        ]),
      )
    },
    async state() {
      const shown = JSON.parse(await terraform.run('show', '-json'))
      return (shown.values?.root_module.resources ?? []) as StateResource[]
    },
  }
  await terraform.run('init', `-plugin-dir=${plugins}`)
  return terraform
}

function run(
  args: readonly string[],
  options: { cwd: string; env: Record<string, string | undefined> },
): Promise<string> {
  return new Promise((resolve, reject) => {
    execFile(
      'terraform',
      [...args],
      { ...options, maxBuffer: 64 * 1024 * 1024 },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`terraform ${args.join(' ')}\n${stdout}${stderr}`))
        else resolve(stdout)
      },
    )
  })
}
