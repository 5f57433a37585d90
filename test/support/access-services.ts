/** The services that the access and support tables show, with their models. */
import { operations as cloudTrail } from '../../src/aws/cloudtrail/service.ts'
import { model as ec2Model } from '../../src/aws/ec2/model.ts'
import { operations as ec2 } from '../../src/aws/ec2/service.ts'
import { operations as eks } from '../../src/aws/eks/operations.ts'
import { model as eksAuthModel } from '../../src/aws/eks-auth/model.ts'
import { operations as eksAuth } from '../../src/aws/eks-auth/service.ts'
import { operations as iam } from '../../src/aws/iam/service.ts'
import { loadModel } from '../../src/aws/protocol/load-model.ts'
import type { ServiceModel } from '../../src/aws/protocol/model.ts'
import { operations as rds } from '../../src/aws/rds/operations.ts'
import { operations as s3 } from '../../src/aws/s3/operations.ts'
import { operations as secretsManager } from '../../src/aws/secrets-manager/service.ts'
import { operations as sts } from '../../src/aws/sts/service.ts'

/** Every service's operations, served or not. */
export const services: Readonly<Record<ServiceName, Readonly<Record<string, object | string>>>> = {
  cloudtrail: cloudTrail,
  ec2,
  eks,
  'eks-auth': eksAuth,
  iam,
  rds,
  s3,
  secretsmanager: secretsManager,
  sts,
}

export type ServiceName =
  | 'cloudtrail'
  | 'ec2'
  | 'eks'
  | 'eks-auth'
  | 'iam'
  | 'rds'
  | 's3'
  | 'secretsmanager'
  | 'sts'

/** Models that are written by hand, of what is served only. */
export const ownModels: Readonly<Record<string, ServiceModel>> = {
  ec2: ec2Model,
  'eks-auth': eksAuthModel,
}

export function modelOf(service: string): ServiceModel {
  return ownModels[service] ?? loadModel(service)
}
