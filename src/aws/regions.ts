/** AWS's regions: where one endpoint stands for all of them, a signature for any other name is a mistake. */

/** All regions of all partitions, as in `partitions.js` of @aws-sdk/core 3.981.1 (`regions.test.ts` compares). */
export const awsRegions: readonly string[] = (
  'af-south-1 ap-east-1 ap-east-2 ap-northeast-1 ap-northeast-2 ap-northeast-3 ap-south-1 ap-south-2 ' +
  'ap-southeast-1 ap-southeast-2 ap-southeast-3 ap-southeast-4 ap-southeast-5 ap-southeast-6 ap-southeast-7 ' +
  'ca-central-1 ca-west-1 cn-north-1 cn-northwest-1 eu-central-1 eu-central-2 eu-isoe-west-1 eu-north-1 ' +
  'eu-south-1 eu-south-2 eu-west-1 eu-west-2 eu-west-3 eusc-de-east-1 il-central-1 me-central-1 me-south-1 ' +
  'me-west-1 mx-central-1 sa-east-1 sa-west-1 us-east-1 us-east-2 us-gov-east-1 us-gov-west-1 us-iso-east-1 ' +
  'us-iso-west-1 us-isob-east-1 us-isob-west-1 us-isof-east-1 us-isof-south-1 us-west-1 us-west-2'
).split(' ')

/** What signatures of IAM, and of STS's global endpoint, are scoped to wherever the client is. */
export const globalRegion = 'us-east-1'

/** Regions that signatures may be scoped to at an endpoint that stands for all of AWS's; `own` first, whatever its name. */
export function everyRegion(own: string): readonly string[] {
  return [own, ...awsRegions]
}

/** Regions that signatures may be scoped to at an endpoint of `own` alone, and of the `others` it is to stand for. */
export function regionsOf(own: string, others: readonly string[]): readonly string[] {
  return [own, globalRegion, ...others]
}
