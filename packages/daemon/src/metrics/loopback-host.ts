const LOOPBACK_HOST = /^(localhost|127\.\d{1,3}\.\d{1,3}\.\d{1,3}|\[::1\])(:\d{1,5})?$/i;

/**
 * Whether a `Host` header names this machine itself, on any port: through a tunnel it is another one. A name that was
 * made to point here (DNS rebinding) shows in it. Only HTTP/1.0 has none, which no browser speaks.
 */
export function isLoopbackHost(host: string | undefined): boolean {
  return host === undefined || LOOPBACK_HOST.test(host);
}
