import { channel } from 'node:diagnostics_channel';

/** Every secret that a sandbox makes or takes, as text, for tests that look for it where it must not be. */
const SECRETS_CHANNEL = 'schwab-sandbox:secret';

const secrets = channel(SECRETS_CHANNEL);

/** Passes it on to whoever listens, and gives it back. */
export function announceSecret(secret: string): string {
  secrets.publish(secret);
  return secret;
}

/** The app's secret, and what the Basic header is made of. */
export function announceCredentials({
  appKey,
  appSecret,
}: {
  readonly appKey: string;
  readonly appSecret: string;
}): void {
  announceSecret(appSecret);
  announceSecret(`${appKey}:${appSecret}`);
}
