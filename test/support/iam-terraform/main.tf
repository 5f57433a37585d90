# The resources of IAM that people write, and the data sources they read; `changed` changes them in place.

provider "aws" {
  default_tags {
    tags = { by = "terraform" }
  }
}

variable "changed" {
  type    = bool
  default = false
}
variable "ssh_key" { type = string }
variable "certificate" { type = string }
variable "certificate_key" {
  type      = string
  sensitive = true
}
variable "saml_metadata" { type = string }

locals {
  issuer = "oidc.eks.eu-west-1.amazonaws.com/id/EXAMPLED539D4633E53DE1B71EXAMPLE"
  tags   = var.changed ? { team = "b", empty = "" } : { team = "a", odd = "a b/c+d=e@f:g._-" }
}

data "aws_caller_identity" "me" {}
data "aws_partition" "this" {}
data "aws_iam_session_context" "me" {
  arn = data.aws_caller_identity.me.arn
}
data "aws_iam_session_context" "role" {
  arn = "arn:aws:sts::${data.aws_caller_identity.me.account_id}:assumed-role/${aws_iam_role.irsa.name}/session"
}

# IRSA: the provider, the role that trusts it, what it may do.
resource "aws_iam_openid_connect_provider" "cluster" {
  url             = "https://${local.issuer}"
  client_id_list  = var.changed ? ["sts.amazonaws.com", "another"] : ["sts.amazonaws.com"]
  thumbprint_list = [var.changed ? "cf23df2207d99a74fbe169e3eba035e633b65d94" : "9e99a48a9960b14926bb7f3b02e22da2b0ab7280"]
  tags            = local.tags
}
resource "aws_iam_openid_connect_provider" "github" {
  url             = "https://token.actions.githubusercontent.com"
  client_id_list  = ["sts.amazonaws.com"]
  thumbprint_list = ["6938fd4d98bab03faadb97b34396831e3780aea1"]
}
data "aws_iam_openid_connect_provider" "by_url" {
  url        = "https://${local.issuer}"
  depends_on = [aws_iam_openid_connect_provider.cluster]
}
data "aws_iam_openid_connect_provider" "by_arn" {
  arn = aws_iam_openid_connect_provider.cluster.arn
}

data "aws_iam_policy_document" "irsa" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.cluster.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = var.changed ? ["system:serviceaccount:default:a", "system:serviceaccount:default:b"] : ["system:serviceaccount:default:a"]
    }
    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = ["sts.amazonaws.com"]
    }
  }
}
data "aws_iam_policy_document" "read" {
  statement {
    sid       = "Read"
    actions   = var.changed ? ["s3:GetObject", "s3:GetObjectVersion", "s3:ListBucket"] : ["s3:GetObject", "s3:ListBucket"]
    resources = ["arn:aws:s3:::bucket", "arn:aws:s3:::bucket/$${aws:PrincipalTag/team}/*"]
  }
  dynamic "statement" {
    for_each = var.changed ? ["x"] : []
    content {
      effect      = "Deny"
      not_actions = ["s3:*"]
      resources   = ["*"]
      condition {
        test     = "Bool"
        variable = "aws:SecureTransport"
        values   = ["false"]
      }
    }
  }
}

resource "aws_iam_policy" "read" {
  name        = "tf-read"
  path        = "/team/"
  description = "reads <what> it & \"others\" may"
  policy      = data.aws_iam_policy_document.read.json
  tags        = local.tags
}
resource "aws_iam_policy" "prefixed" {
  name_prefix = "tf-"
  policy      = jsonencode({ Version = "2012-10-17", Statement = { Effect = "Allow", Action = "sqs:*", Resource = "*" } })
}
resource "aws_iam_role" "irsa" {
  name                 = "tf-irsa"
  path                 = "/team/"
  description          = var.changed ? "" : "of a pod's \"service account\", with ümlauts"
  assume_role_policy   = data.aws_iam_policy_document.irsa.json
  max_session_duration = var.changed ? 7200 : 3600
  permissions_boundary = var.changed ? "arn:aws:iam::aws:policy/AdministratorAccess" : aws_iam_policy.read.arn
  tags                 = local.tags
}
resource "aws_iam_role_policy_attachment" "own" {
  role       = aws_iam_role.irsa.name
  policy_arn = aws_iam_policy.read.arn
}
resource "aws_iam_role_policy_attachment" "managed" {
  role       = aws_iam_role.irsa.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
}
resource "aws_iam_role_policy" "inline" {
  name   = "tf-inline"
  role   = aws_iam_role.irsa.id
  policy = data.aws_iam_policy_document.read.json
}

# A node's role, whose policies are within it.
resource "aws_iam_role" "node" {
  name                  = "tf-node"
  force_detach_policies = true
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Action    = ["sts:AssumeRole", "sts:TagSession"]
      Effect    = "Allow"
      Sid       = ""
      Principal = { Service = var.changed ? ["ec2.amazonaws.com", "pods.eks.amazonaws.com"] : ["ec2.amazonaws.com"] }
    }]
  })
  managed_policy_arns = var.changed ? ["arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy"] : [
    "arn:aws:iam::aws:policy/AmazonEKSWorkerNodePolicy", "arn:aws:iam::aws:policy/AmazonEKS_CNI_Policy",
  ]
  inline_policy {
    name   = "one"
    policy = data.aws_iam_policy_document.read.json
  }
  dynamic "inline_policy" {
    for_each = var.changed ? [] : ["two"]
    content {
      name   = inline_policy.value
      policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["sqs:*"], Resource = ["*"] }] })
    }
  }
  lifecycle {
    ignore_changes = [force_detach_policies]
  }
}
resource "aws_iam_role" "exclusive" {
  name_prefix        = "tf-exclusive-"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = data.aws_caller_identity.me.account_id } }] })
}
resource "aws_iam_role" "trusting" {
  name               = "tf-trusting"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { AWS = [aws_iam_role.exclusive.arn, aws_iam_user.ann.arn] } }] })
}
resource "aws_iam_role_policy_attachments_exclusive" "exclusive" {
  role_name   = aws_iam_role.exclusive.name
  policy_arns = var.changed ? [] : [aws_iam_policy.prefixed.arn]
}
resource "aws_iam_role_policies_exclusive" "exclusive" {
  role_name    = aws_iam_role.exclusive.name
  policy_names = []
}
resource "aws_iam_instance_profile" "node" {
  name = "tf-node"
  role = var.changed ? aws_iam_role.exclusive.name : aws_iam_role.node.name
  tags = local.tags
}

# People.
resource "aws_iam_user" "ann" {
  name                 = var.changed ? "tf-anna" : "tf-ann"
  path                 = var.changed ? "/people/" : "/"
  permissions_boundary = var.changed ? null : "arn:aws:iam::aws:policy/AdministratorAccess"
  force_destroy        = true
  # Tags that are known are changed before the name, under the new one: then the provider finds nobody.
  tags = { team = "a" }
  # What import cannot know, here and below.
  lifecycle {
    ignore_changes = [force_destroy]
  }
}
resource "aws_iam_user" "bob" {
  name          = "tf-bob"
  force_destroy = true
  lifecycle {
    ignore_changes = [force_destroy]
  }
}
resource "aws_iam_user_policy" "bob" {
  name   = "tf-inline"
  user   = aws_iam_user.bob.name
  policy = data.aws_iam_policy_document.read.json
}
resource "aws_iam_user_policy_attachment" "bob" {
  user       = aws_iam_user.bob.name
  policy_arn = aws_iam_policy.read.arn
}
resource "aws_iam_access_key" "bob" {
  user   = aws_iam_user.bob.name
  status = var.changed ? "Inactive" : "Active"
}
resource "aws_iam_user_login_profile" "bob" {
  user            = aws_iam_user.bob.name
  password_length = 24
  depends_on      = [aws_iam_account_password_policy.strict]
  lifecycle {
    ignore_changes = [password_length, password_reset_required]
  }
}
resource "aws_iam_user_ssh_key" "bob" {
  username   = aws_iam_user.bob.name
  encoding   = "SSH"
  public_key = var.ssh_key
  status     = var.changed ? "Inactive" : "Active"
}
resource "aws_iam_service_specific_credential" "bob" {
  service_name = "codecommit.amazonaws.com"
  user_name    = aws_iam_user.bob.name
}
resource "aws_iam_signing_certificate" "bob" {
  certificate_body = var.certificate
  user_name        = aws_iam_user.bob.name
  status           = var.changed ? "Inactive" : "Active"
}
resource "aws_iam_virtual_mfa_device" "bob" {
  virtual_mfa_device_name = "tf-bob"
  path                    = "/people/"
  tags                    = local.tags
}
resource "aws_iam_group" "team" {
  name = "tf-team"
  path = var.changed ? "/groups/" : "/"
}
resource "aws_iam_group_membership" "team" {
  name  = "tf-team"
  group = aws_iam_group.team.name
  users = var.changed ? [aws_iam_user.ann.name] : [aws_iam_user.ann.name, aws_iam_user.bob.name]
}
resource "aws_iam_group" "other" {
  name = "tf-other"
}
resource "aws_iam_user_group_membership" "bob" {
  user   = aws_iam_user.bob.name
  groups = [aws_iam_group.other.name]
}
resource "aws_iam_group_policy" "team" {
  name   = "tf-inline"
  group  = aws_iam_group.other.name
  policy = data.aws_iam_policy_document.read.json
}
resource "aws_iam_group_policy_attachment" "team" {
  group      = aws_iam_group.other.name
  policy_arn = "arn:aws:iam::aws:policy/ReadOnlyAccess"
}
resource "aws_iam_policy_attachment" "several" {
  name       = "tf-several"
  policy_arn = aws_iam_policy.prefixed.arn
  groups     = [aws_iam_group.other.name]
  roles      = var.changed ? [aws_iam_role.trusting.name] : [aws_iam_role.trusting.name, aws_iam_role.exclusive.name]
}

# The account.
resource "aws_iam_account_alias" "this" {
  account_alias = "tf-alias"
}
resource "aws_iam_account_password_policy" "strict" {
  minimum_password_length        = var.changed ? 16 : 12
  require_lowercase_characters   = true
  require_numbers                = true
  require_uppercase_characters   = true
  require_symbols                = !var.changed
  allow_users_to_change_password = true
  max_password_age               = var.changed ? 90 : 0
  password_reuse_prevention      = var.changed ? 5 : null
}
resource "aws_iam_saml_provider" "corp" {
  name                   = "tf-corp"
  saml_metadata_document = var.changed ? replace(var.saml_metadata, "idp.example", "new.example") : var.saml_metadata
  tags                   = local.tags
}
resource "aws_iam_server_certificate" "web" {
  name             = "tf-web"
  path             = "/cloudfront/"
  certificate_body = var.certificate
  private_key      = var.certificate_key
  tags             = local.tags
  lifecycle {
    ignore_changes = [private_key]
  }
}
resource "aws_iam_service_linked_role" "autoscaling" {
  aws_service_name = "autoscaling.amazonaws.com"
  custom_suffix    = "tf"
  description      = var.changed ? "changed" : "made"
  tags             = local.tags
}
resource "aws_iam_service_linked_role" "elasticbeanstalk" {
  aws_service_name = "elasticbeanstalk.amazonaws.com"
}

# Data sources.
data "aws_iam_account_alias" "this" {
  depends_on = [aws_iam_account_alias.this]
}
data "aws_iam_role" "irsa" {
  name = aws_iam_role.irsa.name
}
data "aws_iam_roles" "tf" {
  name_regex = "^tf-"
  depends_on = [aws_iam_role.irsa, aws_iam_role.node, aws_iam_role.exclusive, aws_iam_role.trusting]
}
data "aws_iam_policy" "by_name" {
  name       = "tf-read"
  depends_on = [aws_iam_policy.read]
}
data "aws_iam_policy" "managed" {
  name = "AmazonS3ReadOnlyAccess"
}
data "aws_iam_policy" "by_arn" {
  arn = aws_iam_policy.read.arn
}
data "aws_iam_user" "ann" {
  user_name = aws_iam_user.ann.name
}
data "aws_iam_users" "all" {
  name_regex = "^tf-"
  depends_on = [aws_iam_user.ann, aws_iam_user.bob]
}
data "aws_iam_group" "team" {
  group_name = aws_iam_group_membership.team.group
}
data "aws_iam_access_keys" "bob" {
  user       = aws_iam_user.bob.name
  depends_on = [aws_iam_access_key.bob]
}
data "aws_iam_user_ssh_key" "bob" {
  username          = aws_iam_user.bob.name
  ssh_public_key_id = aws_iam_user_ssh_key.bob.ssh_public_key_id
  encoding          = "SSH"
}
data "aws_iam_instance_profile" "node" {
  name = aws_iam_instance_profile.node.name
}
data "aws_iam_instance_profiles" "node" {
  role_name = aws_iam_instance_profile.node.role
}
data "aws_iam_saml_provider" "corp" {
  arn = aws_iam_saml_provider.corp.arn
}
data "aws_iam_server_certificate" "web" {
  name   = aws_iam_server_certificate.web.name
  latest = true
}
data "aws_iam_principal_policy_simulation" "role" {
  action_names      = ["s3:GetObject", "s3:DeleteObject"]
  policy_source_arn = aws_iam_role.irsa.arn
  resource_arns     = ["arn:aws:s3:::bucket/b/key"]
  context {
    key    = "aws:PrincipalTag/team"
    type   = "string"
    values = ["b"]
  }
  depends_on = [aws_iam_role_policy_attachment.own, aws_iam_role_policy_attachment.managed]
}

output "caller" { value = data.aws_caller_identity.me.arn }
output "session" { value = data.aws_iam_session_context.role.issuer_arn }
output "me" { value = data.aws_iam_session_context.me.issuer_arn }
output "provider" { value = data.aws_iam_openid_connect_provider.by_url.arn }
output "roles" { value = data.aws_iam_roles.tf.names }
output "users" { value = data.aws_iam_users.all.names }
output "group" { value = data.aws_iam_group.team.users[*].user_name }
output "policies" {
  value = [data.aws_iam_policy.by_name.arn, data.aws_iam_policy.managed.arn]
}
output "simulated" {
  value = {
    for result in data.aws_iam_principal_policy_simulation.role.results :
    "${result.action_name} ${result.resource_arn}" => result.decision
  }
}
