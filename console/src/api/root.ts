// Where the console is served. A proxy may have put a prefix before it, so this is known from where the script came from.

const SCRIPT = import.meta.url; // `assets/index-HASH.js`; while developing, this file
export const ROOT = new URL(import.meta.env.DEV ? '../../' : '../', SCRIPT);

/** The path of the console without the slash at its end, as the router wants it. */
export const ROOT_PATH = ROOT.pathname.replace(/\/$/, '');
export const API_URL = new URL('../graphql', ROOT).href;
