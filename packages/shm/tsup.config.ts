export { mirror as default } from '../../tsup.base.ts';
