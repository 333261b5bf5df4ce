import js from '@eslint/js';
import tseslint from 'typescript-eslint';

export default tseslint.config(
  { ignores: ['**/dist/', '**/bundle/', '**/node_modules/', '.cache/', 'logs/'] },
  js.configs.recommended,
  {
    files: ['**/*.ts'],
    extends: [tseslint.configs.strictTypeChecked],
    languageOptions: {
      parserOptions: { projectService: true, tsconfigRootDir: import.meta.dirname },
    },
    rules: {
      '@typescript-eslint/switch-exhaustiveness-check': 'error',
      '@typescript-eslint/consistent-type-imports': 'error',
      '@typescript-eslint/no-non-null-assertion': 'error',
      '@typescript-eslint/consistent-type-assertions': ['error', { assertionStyle: 'never' }],
      '@typescript-eslint/restrict-template-expressions': ['error', { allowNumber: true }],
      '@typescript-eslint/no-confusing-void-expression': ['error', { ignoreArrowShorthand: true }],
      'no-restricted-globals': ['error', { name: 'process', message: "Only an app's main.ts touches process." }],
    },
  },
  {
    // The edge of each program, and tools and tests that are programs themselves.
    files: ['**/main.ts', 'scripts/**', 'bench/**', '**/*.test.ts', '**/tests/**', 'tests/**', '*.config.ts'],
    rules: { 'no-restricted-globals': 'off' },
  },
  {
    files: ['**/*.test.ts', '**/tests/**', 'tests/**', 'scripts/**', 'bench/**'],
    rules: {
      // `as const` in tables reads well, and a test or tool may take what it made itself for what it is.
      '@typescript-eslint/consistent-type-assertions': 'off',
    },
  },
  {
    files: ['**/*.js', '**/*.cjs', '**/*.mjs'],
    languageOptions: {
      globals: {
        process: 'readonly',
        console: 'readonly',
        require: 'readonly',
        setInterval: 'readonly',
        AbortController: 'readonly',
      },
    },
  },
);
