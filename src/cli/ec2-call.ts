/** The few calls of EC2 that commands make, signed here: EC2's client library is larger than all the others together. */
import type { AwsAccess } from './aws.ts'
import { queryCall } from './query-call.ts'

/** A launch template with which pods get nothing from instance metadata, as eksctl's `disablePodIMDS` makes one. */
export async function createClosedTemplate(aws: AwsAccess, name: string): Promise<void> {
  try {
    await ec2Call(aws, 'CreateLaunchTemplate', {
      LaunchTemplateName: name,
      'LaunchTemplateData.MetadataOptions.HttpTokens': 'required',
      'LaunchTemplateData.MetadataOptions.HttpPutResponseHopLimit': '1',
    })
  } catch (error) {
    if (!/AlreadyExists/.test(String(error))) throw error
  }
}

export async function deleteTemplate(aws: AwsAccess, name: string): Promise<void> {
  try {
    await ec2Call(aws, 'DeleteLaunchTemplate', { LaunchTemplateName: name })
  } catch (error) {
    if (!/NotFound/.test(String(error))) throw error
  }
}

/** As eksctl names it. */
export function templateName(cluster: string, nodegroup: string): string {
  return `eksctl-${cluster}-nodegroup-${nodegroup}`
}

/** Throws a CliFailure with EC2's own code and text. */
function ec2Call(
  aws: AwsAccess,
  action: string,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  return queryCall(aws, { service: 'ec2', version: '2016-11-15' }, action, parameters)
}
