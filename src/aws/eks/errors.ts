/** EKS's refusals, in its own words where they are known. */
import { errors, type Refusal } from '../operation.ts'

const table = errors({
  ResourceNotFoundException: [404, 'The specified resource could not be found.'],
  ResourceInUseException: [409, 'The specified resource is in use.'],
  InvalidParameterException: [400, 'The specified parameter is invalid.'],
  InvalidRequestException: [400, 'The request is invalid given the state of the cluster.'],
  NotFoundException: [404, 'The specified resource could not be found.'],
  BadRequestException: [400, 'The request is not valid.'],
})

/** The members that EKS's errors carry beside the message: which cluster, which node group. */
export interface Subject {
  readonly clusterName?: string
  readonly nodegroupName?: string
  readonly addonName?: string
  readonly fargateProfileName?: string
  readonly associationId?: string
}

type Code = keyof typeof table

function refusal(code: Code) {
  return (message: string, members: Subject = {}): Refusal =>
    table[code]({}, { message, members: { ...members } })
}

export const notFound = refusal('ResourceNotFoundException')
export const inUse = refusal('ResourceInUseException')
export const invalidParameter = refusal('InvalidParameterException')
export const invalidRequest = refusal('InvalidRequestException')
/** Of the tag operations, whose errors are others. */
export const tagTargetNotFound = refusal('NotFoundException')
export const badTagRequest = refusal('BadRequestException')
