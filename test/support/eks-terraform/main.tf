# An EKS cluster with IRSA, pod identity, an addon, a node group and an access entry, as modules write it.

provider "aws" {}

variable "changed" {
  type    = bool
  default = false
}

data "aws_caller_identity" "me" {}

resource "aws_iam_role" "cluster" {
  name = "tf-cluster"
  assume_role_policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = ["sts:AssumeRole", "sts:TagSession"], Principal = { Service = "eks.amazonaws.com" } }]
  })
}
resource "aws_iam_role_policy_attachment" "cluster" {
  role       = aws_iam_role.cluster.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonEKSClusterPolicy"
}
resource "aws_iam_role" "node" {
  name               = "tf-node"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "ec2.amazonaws.com" } }] })
}
resource "aws_iam_role_policy_attachment" "node" {
  for_each   = toset(["AmazonEKSWorkerNodePolicy", "AmazonEKS_CNI_Policy", "AmazonEC2ContainerRegistryReadOnly"])
  role       = aws_iam_role.node.name
  policy_arn = "arn:aws:iam::aws:policy/${each.value}"
}

resource "aws_eks_cluster" "this" {
  name                          = "tf"
  role_arn                      = aws_iam_role.cluster.arn
  version                       = var.changed ? "1.33" : "1.32"
  bootstrap_self_managed_addons = false
  upgrade_policy { support_type = var.changed ? "STANDARD" : "EXTENDED" }
  zonal_shift_config { enabled = var.changed }
  kubernetes_network_config { service_ipv4_cidr = "172.20.0.0/16" }
  encryption_config {
    resources = ["secrets"]
    provider { key_arn = "arn:aws:kms:ap-northeast-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab" }
  }
  access_config {
    authentication_mode                         = "API_AND_CONFIG_MAP"
    bootstrap_cluster_creator_admin_permissions = true
  }
  vpc_config {
    subnet_ids              = ["subnet-0a", "subnet-0b"]
    endpoint_private_access = var.changed
    endpoint_public_access  = true
  }
  enabled_cluster_log_types = var.changed ? ["api", "audit"] : []
  tags                      = { team = var.changed ? "b" : "a" }
  depends_on                = [aws_iam_role_policy_attachment.cluster]
}
data "aws_eks_cluster" "this" {
  name = aws_eks_cluster.this.name
}
data "aws_eks_cluster_auth" "this" {
  name = aws_eks_cluster.this.name
}
data "aws_eks_clusters" "all" {
  depends_on = [aws_eks_cluster.this]
}

# IRSA.
resource "aws_iam_openid_connect_provider" "this" {
  url            = aws_eks_cluster.this.identity[0].oidc[0].issuer
  client_id_list = ["sts.amazonaws.com"]
  # The provider takes `localhost:` for a scheme, where the issuer has a port.
  lifecycle {
    ignore_changes = [url]
  }
}
data "aws_iam_policy_document" "irsa" {
  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]
    principals {
      type        = "Federated"
      identifiers = [aws_iam_openid_connect_provider.this.arn]
    }
    condition {
      test     = "StringEquals"
      variable = "${replace(aws_eks_cluster.this.identity[0].oidc[0].issuer, "https://", "")}:sub"
      values   = ["system:serviceaccount:default:app"]
    }
    condition {
      test     = "StringEquals"
      variable = "${replace(aws_eks_cluster.this.identity[0].oidc[0].issuer, "https://", "")}:aud"
      values   = ["sts.amazonaws.com"]
    }
  }
}
resource "aws_iam_role" "irsa" {
  name               = "tf-irsa"
  assume_role_policy = data.aws_iam_policy_document.irsa.json
}
resource "aws_iam_role_policy_attachment" "irsa" {
  role       = aws_iam_role.irsa.name
  policy_arn = "arn:aws:iam::aws:policy/AmazonS3ReadOnlyAccess"
}

# Pod identity.
resource "aws_iam_role" "pod" {
  name               = "tf-pod"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = ["sts:AssumeRole", "sts:TagSession"], Principal = { Service = "pods.eks.amazonaws.com" } }] })
}
resource "aws_iam_role" "pod_2" {
  name               = "tf-pod-2"
  assume_role_policy = aws_iam_role.pod.assume_role_policy
}
resource "aws_eks_pod_identity_association" "app" {
  cluster_name    = aws_eks_cluster.this.name
  namespace       = "default"
  service_account = "pod"
  role_arn        = var.changed ? aws_iam_role.pod_2.arn : aws_iam_role.pod.arn
  tags            = { team = "a" }
}
resource "aws_eks_addon" "agent" {
  cluster_name                = aws_eks_cluster.this.name
  addon_name                  = "eks-pod-identity-agent"
  resolve_conflicts_on_create = "OVERWRITE"
  resolve_conflicts_on_update = "OVERWRITE"
  tags                        = { team = var.changed ? "b" : "a" }
}
data "aws_eks_addon_version" "agent" {
  addon_name         = "eks-pod-identity-agent"
  kubernetes_version = aws_eks_cluster.this.version
  most_recent        = true
}
data "aws_eks_addon" "agent" {
  addon_name   = aws_eks_addon.agent.addon_name
  cluster_name = aws_eks_cluster.this.name
}

# Who may use the cluster.
resource "aws_eks_access_entry" "reader" {
  cluster_name      = aws_eks_cluster.this.name
  principal_arn     = aws_iam_role.irsa.arn
  kubernetes_groups = var.changed ? ["readers", "more"] : ["readers"]
  type              = "STANDARD"
  tags              = { team = "a" }
}
resource "aws_eks_access_policy_association" "reader" {
  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.reader.principal_arn
  policy_arn    = "arn:aws:eks::aws:cluster-access-policy/AmazonEKSViewPolicy"
  access_scope {
    type       = "namespace"
    namespaces = ["default"]
  }
}

resource "aws_eks_node_group" "this" {
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = "tf-nodes"
  node_role_arn   = aws_iam_role.node.arn
  subnet_ids      = ["subnet-0a", "subnet-0b"]
  version         = var.changed ? "1.33" : "1.32"
  scaling_config {
    desired_size = var.changed ? 2 : 1
    max_size     = 3
    min_size     = 1
  }
  update_config {
    max_unavailable = 1
  }
  labels = var.changed ? { role = "b" } : { role = "a", gone = "x" }
  dynamic "taint" {
    for_each = var.changed ? ["x"] : []
    content {
      key    = "dedicated"
      value  = "x"
      effect = "NO_SCHEDULE"
    }
  }
  tags       = { team = "a" }
  depends_on = [aws_iam_role_policy_attachment.node]
}
resource "aws_eks_fargate_profile" "this" {
  cluster_name           = aws_eks_cluster.this.name
  fargate_profile_name   = "tf-fargate"
  pod_execution_role_arn = aws_iam_role.fargate.arn
  subnet_ids             = ["subnet-0a"]
  selector {
    namespace = "serverless"
    labels    = { on = "fargate" }
  }
}
resource "aws_iam_role" "fargate" {
  name               = "tf-fargate"
  assume_role_policy = jsonencode({ Version = "2012-10-17", Statement = [{ Effect = "Allow", Action = "sts:AssumeRole", Principal = { Service = "eks-fargate-pods.amazonaws.com" } }] })
}
data "aws_eks_node_group" "this" {
  cluster_name    = aws_eks_cluster.this.name
  node_group_name = aws_eks_node_group.this.node_group_name
}
data "aws_eks_node_groups" "this" {
  cluster_name = aws_eks_cluster.this.name
  depends_on   = [aws_eks_node_group.this]
}
data "aws_eks_access_entry" "reader" {
  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_eks_access_entry.reader.principal_arn
}
resource "aws_eks_addon" "vpc_cni" {
  cluster_name         = aws_eks_cluster.this.name
  addon_name           = "vpc-cni"
  addon_version        = var.changed ? null : data.aws_eks_addon_version.cni.version
  configuration_values = jsonencode({ env = { ENABLE_PREFIX_DELEGATION = var.changed ? "true" : "false" } })
  pod_identity_association {
    role_arn        = aws_iam_role.pod.arn
    service_account = "aws-node"
  }
}
resource "aws_eks_addon" "coredns" {
  cluster_name = aws_eks_cluster.this.name
  addon_name   = "coredns"
}
resource "aws_eks_access_entry" "nodes" {
  cluster_name  = aws_eks_cluster.this.name
  principal_arn = aws_iam_role.pod_2.arn
  type          = "EC2_LINUX"
}
data "aws_eks_addon_version" "cni" {
  addon_name         = "vpc-cni"
  kubernetes_version = aws_eks_cluster.this.version
}
data "aws_eks_cluster_versions" "all" {}

output "provider" { value = aws_iam_openid_connect_provider.this.arn }
output "issuer" { value = data.aws_eks_cluster.this.identity[0].oidc[0].issuer }
output "thumbprints" { value = aws_iam_openid_connect_provider.this.thumbprint_list }
output "role" { value = aws_iam_role.irsa.arn }
output "nodes" { value = data.aws_eks_node_group.this.scaling_config[0].desired_size }
output "versions" { value = data.aws_eks_cluster_versions.all.cluster_versions[*].cluster_version }
