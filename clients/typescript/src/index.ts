// Rapporteur's client. What needs Node.js is in `rapporteur-client/node`, and every operation in `rapporteur-client/operations`.

export { Client, type ClientOptions } from './client.js';
export { localStorageCache, type CachedConfigs, type ConfigCache } from './configs/cache.js';
export type { Config, ConfigAnswer, ConfigValues, DefaultConfig, Json, JsonObject, Origin } from './configs/config.js';
export type { ManifestConfig, ManifestSource } from './configs/manifests.js';
export type { ChangeListener } from './configs/store.js';
export type { Document } from './document.js';
export {
  ClientClosed,
  NoConfig,
  NotWritten,
  QueueFull,
  RapporteurError,
  Refused,
  SegmentsRefused,
  Unauthenticated,
  Unavailable,
} from './errors.js';
export type { Key } from './key.js';
export type { FollowOptions, MeetingUpdate } from './meeting_updates.js';
export type { SegmentInput } from './gql/operations.js';
export type { ReportProblem } from './problems.js';
export { PromptError, render } from './render.js';
export type { SegmentWriter, SegmentWriterOptions } from './segments/writer.js';
