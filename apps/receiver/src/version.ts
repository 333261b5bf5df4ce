declare const TOKEN_RELAY_VERSION: string | undefined;

/** Put in by the bundler (scripts/bundle.ts). */
export const version: string = typeof TOKEN_RELAY_VERSION === 'string' ? TOKEN_RELAY_VERSION : 'development';
