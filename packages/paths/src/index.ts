export { linkTarget } from './link-target.ts';
export { isPerhapsPlanted, isTrustedUser, refusePlanted, UntrustedPathError } from './planted.ts';
