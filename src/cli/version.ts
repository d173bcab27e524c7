/** For `--version`. */
export { packageVersion } from '../config.ts';
