// A configuration as a worker runs with it, whichever source it is of.

export type Json = null | boolean | number | string | readonly Json[] | JsonObject;
export interface JsonObject {
  readonly [key: string]: Json;
}

/** What the model is called with. Limits that are not the model's (budgets, retries) are for the program to keep. */
export interface ConfigValues {
  readonly modelProvider: string;
  readonly modelName: string;
  readonly systemPrompt: string;
  readonly userPromptTemplate: string;
  readonly promptVersion: string;
  readonly temperature: number;
  readonly maxTokens: number;
  readonly contextWindow: number;
  readonly inputTokenLimit: number;
  readonly tokenBudget: number;
  readonly timeoutSeconds: number;
  readonly maxRetries: number;
  /** What else the model takes, such as `top_p`. */
  readonly parameters: JsonObject;
}

export interface Config extends ConfigValues {
  readonly agentSlug: string;
  /** The active variant; null: the base. */
  readonly variantSlug: string | null;
  /** What is handed to the model: `temperature` and `max_tokens`, with `parameters` over them. */
  readonly modelParameters: JsonObject;
  /** The server's hash of the values; null: they are not of the server. */
  readonly etag: string | null;
}

/** A configuration that the program brings along: what it leaves out has the server's default. */
export type DefaultConfig = Pick<ConfigValues, 'modelProvider' | 'modelName'> & Partial<ConfigValues>;

/** The source of a configuration: the server by way of the memory or the disk, the manifests, or the caller's default. */
export type Origin = 'memory' | 'disk' | 'manifests' | 'default';

export interface ConfigAnswer {
  readonly config: Config;
  readonly origin: Origin;
  /**
   * How many seconds ago the server was known to have this value; of a manifest, how old the file is. Null: not known. While the
   * connection stands, it is at most the server's ping interval.
   */
  readonly age: number | null;
}

/** The server's defaults (`docs/api.md`). */
const DEFAULTS: Omit<ConfigValues, 'modelProvider' | 'modelName'> = {
  systemPrompt: '',
  userPromptTemplate: '',
  promptVersion: '1',
  temperature: 0.7,
  maxTokens: 4096,
  contextWindow: 128_000,
  inputTokenLimit: 100_000,
  tokenBudget: 1_000_000,
  timeoutSeconds: 60,
  maxRetries: 3,
  parameters: {},
};

/**
 * Returns the configuration of these values, completed by defaults. `overridden` are the parameters that a variant lays over those of its
 * agent: a null there also keeps `temperature` and `max_tokens` from the model.
 */
export function completeConfig(
  agentSlug: string,
  variantSlug: string | null,
  values: DefaultConfig,
  overridden: JsonObject = {},
): Config {
  const complete = { ...DEFAULTS, ...values };
  const sampling = mergePatch({ temperature: complete.temperature, max_tokens: complete.maxTokens }, complete.parameters);
  return freeze({
    agentSlug,
    variantSlug,
    ...complete,
    parameters: mergePatch(complete.parameters, overridden),
    modelParameters: mergePatch(sampling, overridden),
    etag: null,
  });
}

/** Returns the target with a JSON Merge Patch (RFC 7396) over it: keys replace, objects merge, null takes a key away. */
export function mergePatch(target: JsonObject, patch: JsonObject): JsonObject {
  const merged = new Map(Object.entries(target));
  for (const [key, value] of Object.entries(patch)) {
    if (value === null) merged.delete(key);
    else merged.set(key, isObject(value) ? mergePatch(objectOr(merged.get(key)), value) : value);
  }
  return Object.fromEntries(merged);
}

const isObject = (value: Json | undefined): value is JsonObject =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const objectOr = (value: Json | undefined): JsonObject => (isObject(value) ? value : {});

/** Freezes a value with all that is in it: answers share it, and a caller that changes its own would change all. */
export function freeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    Object.values(value).forEach(freeze);
  }
  return value;
}
