/** `update iamserviceaccount`: other policies for the role of a ServiceAccount. */
import { Command } from 'commander'
import { awsAccess, awsFailure } from '../aws.ts'
import { clusterApi, findCluster, findServiceAccount } from '../cluster-access.ts'
import type { CliContext } from '../context.ts'
import { CliFailure } from '../failure.ts'
import { collect } from '../options.ts'
import { roleAnnotation } from '../service-account.ts'
import { attachedPolicies } from '../service-account-role.ts'
import { notApproved, runTasks, showPlan, type Task } from '../tasks.ts'

interface Options {
  readonly name: string
  readonly namespace: string
  readonly cluster: string
  readonly region?: string
  readonly attachPolicyArn: string[]
  readonly approve?: boolean
}

export function updateIamServiceAccountCommand(context: CliContext): Command {
  return new Command('iamserviceaccount')
    .alias('sa')
    .description('attach exactly these policies to the role of a ServiceAccount')
    .requiredOption('--name <name>', 'name of the ServiceAccount')
    .option('--namespace <namespace>', 'its namespace', 'default')
    .requiredOption('-c, --cluster <name>', 'name of the cluster')
    .option('-r, --region <region>', 'AWS region')
    .requiredOption('--attach-policy-arn <arn>', 'the policies (repeat, or commas)', collect)
    .option('--approve', 'do it; without, the plan is only shown')
    .addHelpText(
      'after',
      `
Examples:
  podpass update iamserviceaccount --name my-sa --cluster irsa \\
    --attach-policy-arn arn:aws:iam::aws:policy/AmazonS3FullAccess --approve`,
    )
    .action(async (options: Options, command: Command) => {
      const aws = awsAccess(context, command, options.region)
      try {
        const cluster = await findCluster(aws, options.cluster)
        const api = await clusterApi(context, aws, cluster)
        const account = await findServiceAccount(api, options.namespace, options.name)
        const arn = account?.metadata?.annotations?.[roleAnnotation]
        if (!arn) {
          throw new CliFailure(
            `ServiceAccount \`${options.namespace}/${options.name}\` names no role`,
            {
              hints: [
                `podpass create iamserviceaccount --cluster ${options.cluster} --namespace ${options.namespace} --name ${options.name} --attach-policy-arn … --approve`,
              ],
            },
          )
        }
        const roleName = arn.slice(arn.lastIndexOf('/') + 1)
        const client = await aws.iam()
        const { AttachRolePolicyCommand, DetachRolePolicyCommand } = await import(
          '@aws-sdk/client-iam'
        )
        const present = await attachedPolicies(client, roleName)
        const change = (PolicyArn: string, attach: boolean): Task => ({
          mark: attach ? '+' : '-',
          what: 'attached policy',
          name: PolicyArn.slice(PolicyArn.lastIndexOf('/') + 1),
          run: async () => {
            if (attach) {
              await client.send(new AttachRolePolicyCommand({ RoleName: roleName, PolicyArn }))
            } else {
              await client.send(new DetachRolePolicyCommand({ RoleName: roleName, PolicyArn }))
            }
            return undefined
          },
        })
        const wanted = options.attachPolicyArn
        const tasks = [
          ...wanted.filter((a) => !present.includes(a)).map((a) => change(a, true)),
          ...present.filter((a) => !wanted.includes(a)).map((a) => change(a, false)),
        ]
        if (tasks.length === 0) {
          context.stderr.write(`  role ${roleName} has exactly these policies already\n`)
        } else if (options.approve) {
          await runTasks(context, tasks)
        } else {
          showPlan(context, `plan for role \`${roleName}\``, tasks)
          notApproved(context)
        }
      } catch (error) {
        throw awsFailure(error, aws.environment)
      }
    })
}
