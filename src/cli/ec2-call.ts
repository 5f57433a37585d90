/** The few calls of EC2 that commands make, signed here: EC2's client library is larger than all the others together. */
import type { AwsAccess } from './aws.ts'
import { CliFailure } from './failure.ts'
import { signedPost } from './signed-post.ts'

const answerTimeoutMs = 60_000

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
async function ec2Call(
  aws: AwsAccess,
  action: string,
  parameters: Readonly<Record<string, string>>,
): Promise<string> {
  const { status, text } = await signedPost(aws, {
    service: 'ec2',
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: new URLSearchParams({ Action: action, Version: '2016-11-15', ...parameters }).toString(),
    at: Date.now(),
    timeoutMs: answerTimeoutMs,
  })
  if (status === 200) return text
  const code = /<Code>([^<]*)<\/Code>/.exec(text)?.[1] ?? `HTTP ${status}`
  const message = /<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? ''
  throw new CliFailure(`${code}: ${message}`, {
    hints: /not authorized/.test(message) ? ['why:    podpass why'] : [],
  })
}
