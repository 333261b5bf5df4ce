/** Where the system's services have their files: what the units in systemd/ and the package make them. */
export const serviceFolders = {
  settings: '/etc/token-relay',
  /** The sender's: the token file. */
  state: '/var/lib/token-relay',
  senderRuntime: '/run/token-refresh-sender',
  receiverRuntime: '/run/token-receiver',
} as const;
