// The parts that need Node.js: files.

export { diskCache } from './disk_cache.js';
export { manifestFolder } from './manifest_folder.js';
