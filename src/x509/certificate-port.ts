/** Certificates as the servers of a lab use them. */

export interface KeyPair {
  /** Leaf first, then the CA, PEM. */
  readonly cert: string
  /** PKCS #8 PEM. */
  readonly key: string
}

/** A certificate authority: of the lab, or of one cluster. Keys are P-256 unless said otherwise. */
export interface CertificateAuthority {
  /** The CA's own certificate, PEM. */
  readonly certPem: string
  issueServer(options: {
    readonly names: readonly string[]
    readonly addresses?: readonly string[]
  }): Promise<KeyPair>
  issueClient(options: {
    readonly commonName: string
    readonly organizations: readonly string[]
  }): Promise<KeyPair>
}
